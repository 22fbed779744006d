// Parses lists of token ids.
#include "infer/tokens.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "infer/npy.hpp"

namespace distload {
namespace {

TokenBatch parsed_list(std::string_view text) {
  TokenBatch batch;
  for (auto rest = text; !rest.empty();) {
    auto const comma = rest.find(',');
    auto const item = rest.substr(0, comma);
    std::int64_t id = 0;
    auto const [end, error] = std::from_chars(item.data(), item.data() + item.size(), id);
    if (error != std::errc() || end != item.data() + item.size()) {
      throw UsageError("--tokens: '" + printable(item) +
                       "' is no token id; expected 1,2,3 or the path of an .npy file");
    }
    batch.ids.push_back(id);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  batch.tokens = batch.ids.size();
  if (batch.ids.empty()) throw UsageError("--tokens is an empty list");
  return batch;
}

}  // namespace

TokenBatch read_tokens(std::string const& tokens) {
  if (!tokens.ends_with(".npy")) return parsed_list(tokens);
  auto array = read_npy<std::int64_t>(tokens);
  if (array.shape.empty() || array.shape.size() > 2 || array.numbers.empty()) {
    throw ConfigError(printable(tokens) + " has " + std::to_string(array.shape.size()) + " axes and " +
                      std::to_string(array.numbers.size()) + " ids, expected [batch, tokens]");
  }
  auto const batch = array.shape.size() == 2 ? array.shape[0] : 1;
  return {batch, array.shape.back(), std::move(array.numbers)};
}

}  // namespace distload
