/// read_tokens: the token ids that a user gives.
#pragma once

#include <string>

#include <distload/infer/parallel_model.hpp>

namespace distload {

/// Local, for one rank: the ids of `--tokens`.
/// @throws UsageError            they are no list of whole numbers.
/// @throws IoError, ConfigError  as read_npy; or the array has more than two axes.
TokenBatch read_tokens(std::string const& tokens);

}  // namespace distload
