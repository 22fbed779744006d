/// did_you_mean: the suggestion at the end of a message about an unknown word.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace distload {

/// "; did you mean `load.engine`?"; empty if no candidate is similar.
std::string did_you_mean(std::string_view word, std::span<std::string const> candidates);

}  // namespace distload
