// Suggestions at the end of messages.
#include "config/did_you_mean.hpp"

#include "base/suggest.hpp"

namespace distload {

std::string did_you_mean(std::string_view word, std::span<std::string const> candidates) {
  auto const meant = nearest(word, candidates);
  return meant ? "; did you mean `" + *meant + "`?" : "";
}

}  // namespace distload
