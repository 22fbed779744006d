/// Dims in messages between ranks.
#pragma once

#include <distload/tensor/dims.hpp>

#include "base/wire.hpp"

namespace distload {

/// @throws InternalError  they have more axes than there can be, which no function of Dims expects.
inline void check_wire_dims(Dims const& dims) {
  if (dims.size() > kMaxAxes) throw InternalError("a message between ranks holds a tensor of too many axes");
}

inline Dims get_dims(WireReader& in) {
  auto const dims = in.get<Dims>();
  check_wire_dims(dims);
  return dims;
}

}  // namespace distload
