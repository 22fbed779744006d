/// Copies of columns and rows of activations.
#pragma once

#include <cstdint>

#include <distload/layers/activations.hpp>

#include "layers/kernels/numbers.hpp"

namespace distload {

/// to[row][i] = from[row][first + i]
void copy_columns(ConstActivations const& from, std::uint64_t first, Activations const& to);

/// Numbers of heads in a row: head h begins at h * stride + first. A stride of 0: all heads have the same numbers.
struct HeadColumns {
  std::uint64_t heads = 0;
  std::uint64_t stride = 0;
  std::uint64_t first = 0;
};

/// Copies `width` numbers of every head.
void copy_of_heads(ConstActivations const& from, HeadColumns const& from_columns, Activations const& to,
                   HeadColumns const& to_columns, std::uint64_t width);

/// to[i] = from[rows[i]]
void take_rows(ConstActivations const& from, RowTable const& rows, Activations const& to);
/// to[rows[i]] = from[i]
void put_rows(ConstActivations const& from, RowTable const& rows, Activations const& to);

}  // namespace distload
