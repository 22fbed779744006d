/// check_tokens: whether a model can compute with a batch of tokens.
#pragma once

#include <cstdint>

#include <distload/infer/parallel_model.hpp>

#include "infer/description.hpp"

namespace distload::infer {

/// @param further  tokens that are generated and read again
/// @throws ConfigError  the batch has another number of ids than it says, an id is not below the vocabulary's size, or
///                      there are more tokens than positions.
void check_tokens(ModelDescription const& model, TokenBatch const& ids, std::uint64_t further);

}  // namespace distload::infer
