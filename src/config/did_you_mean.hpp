/// did_you_mean: the end of a message about a mistyped word.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace distload {

/// "; did you mean `load.engine`?", or nothing if no candidate is near.
std::string did_you_mean(std::string_view word, std::span<std::string const> candidates);

}  // namespace distload
