/// InferOptions: how computing is measured.
#pragma once

#include <cstdint>

namespace distload {

struct InferOptions {
  std::uint64_t tokens = 512;  ///< of the prefill
  std::uint64_t steps = 32;    ///< one-token steps of a round
  std::uint32_t rounds = 5;    ///< counted ones
};

}  // namespace distload
