/// MovedBox: a box that goes from one shard to another, and the copies that take it there. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/tensor/box.hpp>

#include "tensor/cast.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// A shard that contains the part.
struct PartEnd {
  Shape shape;    ///< of the shard
  Dims position;  ///< of the part's first element in the shard
  DType dtype = DType::f32;
  bool transposed = false;  ///< the last two axes lie in memory the other way round
};

/// A box of elements that changes its shard, type or order.
struct MovedBox {
  PartEnd source;
  PartEnd target;
  Dims extent;

  bool is_cast() const noexcept { return source.dtype != target.dtype; }
  bool is_verbatim() const noexcept { return !is_cast() && source.transposed == target.transposed; }
  std::optional<Cast> cast() const {
    return is_cast() ? std::optional(Cast{.from = source.dtype, .to = target.dtype}) : std::nullopt;
  }
  /// The type in messages: the smaller one.
  DType message_dtype() const noexcept {
    return size_of(target.dtype) < size_of(source.dtype) ? target.dtype : source.dtype;
  }
  Bytes message_bytes() const noexcept;
  Bytes target_bytes() const noexcept;

  /// From shard to shard. Offsets count from the first bytes of both shards, or of shard and message.
  StridedCopy direct() const;
  /// To a message of elements of `dtype`, in the order in which they lie in the source.
  StridedCopy to_message(DType dtype) const;
  /// From such a message to the target.
  StridedCopy from_message(DType dtype) const;
  /// From the target to such a message, whose elements have the target's type.
  StridedCopy back_to_message() const;
};

/// True if the copy is one run.
inline bool is_one_run(StridedCopy const& copy) noexcept { return copy.loop_count == 0; }

}  // namespace distload
