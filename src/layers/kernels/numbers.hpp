/// Numbers: a vector of a shard, read as float32 in kernels.
#pragma once

#include <cstddef>
#include <cstdint>

#include <Kokkos_Core.hpp>

#include <distload/base/dtype.hpp>
#include <distload/load/sharded_model.hpp>

#include "tensor/kernels/convert.hpp"

namespace distload {

/// Rows of a shard that are the outputs of a layer, in the outputs' order; empty: row o is output o.
using RowTable = Kokkos::View<std::uint32_t const*, ShardSpace>;

/// Floating-point numbers of 16 or 32 bits in `ShardSpace`.
struct Numbers {
  std::byte const* data = nullptr;  ///< nullptr: there are none
  DType dtype = DType::f32;         ///< f32, bf16 or f16
  std::uint64_t size = 0;
  RowTable rows;  ///< number i is at rows[i]; empty: at i

  KOKKOS_INLINE_FUNCTION bool empty() const noexcept { return data == nullptr; }

  /// Number i.
  KOKKOS_INLINE_FUNCTION float operator()(std::uint64_t i) const {
    auto const at = rows.extent(0) == 0 ? i : rows(i);
    switch (dtype) {
      case DType::bf16:
        return Kokkos::bit_cast<float>(convert::widen(reinterpret_cast<convert::BF16 const*>(data)[at]).bits);
      case DType::f16:
        return Kokkos::bit_cast<float>(convert::widen(reinterpret_cast<convert::F16 const*>(data)[at]).bits);
      default: return reinterpret_cast<float const*>(data)[at];
    }
  }
};

}  // namespace distload
