/// VerifyAfterWrite: what is read back before a checkpoint gets its name.
#pragma once

#include <cstdint>

namespace distload {

enum class VerifyAfterWrite : std::uint8_t {
  none,
  index,  ///< all but the tensors
  full,   ///< everything, from storage
};

}  // namespace distload
