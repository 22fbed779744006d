/// "Did you mean": the candidate nearest to a mistyped word.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace distload {

/// The candidate with the smallest edit distance to `word`; nothing if all distances are too large.
std::optional<std::string> nearest(std::string_view word, std::span<std::string const> candidates);

}  // namespace distload
