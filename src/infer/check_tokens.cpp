// Names the first id that is too large.
#include "infer/check_tokens.hpp"

#include <string>

#include <distload/base/error.hpp>

namespace distload::infer {

void check_tokens(ModelDescription const& model, TokenBatch const& ids, std::uint64_t further) {
  if (ids.ids.size() != ids.batch * ids.tokens || ids.ids.empty()) {
    throw ConfigError("a batch of " + std::to_string(ids.batch) + " x " + std::to_string(ids.tokens) + " tokens has " +
                      std::to_string(ids.ids.size()) + " ids");
  }
  for (std::size_t i = 0; i < ids.ids.size(); ++i) {
    auto const id = ids.ids[i];
    if (id >= 0 && static_cast<std::uint64_t>(id) < model.vocabulary) continue;
    throw ConfigError("token " + std::to_string(i % ids.tokens) + " of sequence " + std::to_string(i / ids.tokens) +
                      " has id " + std::to_string(id) + ", but the vocabulary has " + std::to_string(model.vocabulary));
  }
  auto const positions = ids.tokens + further;
  if (model.positions > 0 && positions > model.positions) {
    throw ConfigError(std::to_string(positions) + " tokens are more than the " + std::to_string(model.positions) +
                      " positions of the model");
  }
}

}  // namespace distload::infer
