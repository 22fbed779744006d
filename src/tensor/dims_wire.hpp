/// Dims in messages between ranks.
#pragma once

#include <distload/tensor/dims.hpp>

#include "base/wire.hpp"

namespace distload {

/// The smallest size of Dims in a message.
inline constexpr std::size_t kWireDimsBytes = sizeof(std::uint8_t);

/// @throws InternalError  `axes` is larger than the maximum number of axes.
inline void check_wire_axes(std::size_t axes) {
  if (axes > kMaxAxes) throw InternalError("a message between ranks holds a tensor of too many axes");
}

inline void put_dims(WireWriter& out, Dims const& dims) {
  out.put(static_cast<std::uint8_t>(dims.size()));
  for (auto const value : dims) out.put(value);
}

inline Dims get_dims(WireReader& in) {
  auto const axes = in.get<std::uint8_t>();
  check_wire_axes(axes);
  Dims dims;
  for (std::uint8_t axis = 0; axis < axes; ++axis) dims.push_back(in.get<std::uint64_t>());
  return dims;
}

}  // namespace distload
