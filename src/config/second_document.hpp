/// second_document: a configuration is one YAML document; this finds a second one.
#pragma once

#include <yaml-cpp/mark.h>

#include <optional>
#include <string>

namespace distload {

/// Position of the second document of `text`; nothing if there is none. Text that yaml-cpp cannot parse as part of the
/// first document, such as a comma in the first column, counts as a second one. (YAML::LoadAll would return endless
/// documents for it.)
/// @throws YAML::Exception
std::optional<YAML::Mark> second_document(std::string const& text);

}  // namespace distload
