/// second_document: a configuration is one YAML document; where a text goes on after its first.
#pragma once

#include <yaml-cpp/mark.h>

#include <optional>
#include <string>

namespace distload {

/// Where the second document of `text` begins, or nothing. What yaml-cpp cannot take for a part of the first document,
/// such as a comma in the first column, counts as a second one. (YAML::LoadAll would take it for endlessly many.)
/// @throws YAML::Exception
std::optional<YAML::Mark> second_document(std::string const& text);

}  // namespace distload
