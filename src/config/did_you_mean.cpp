// Suggestions for input that may be hostile.
#include "config/did_you_mean.hpp"

#include "base/suggest.hpp"

namespace distload {

std::string did_you_mean(std::string_view word, std::span<std::string const> candidates) {
  // What is far longer than any candidate is no slip of the finger, and the search would take its time.
  constexpr std::size_t kLongestSlip = 64;
  if (word.size() > kLongestSlip) return "";
  auto const meant = nearest(word, candidates);
  return meant ? "; did you mean `" + *meant + "`?" : "";
}

}  // namespace distload
