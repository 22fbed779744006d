/// Content: the elements of a synthetic tensor, from its name, a seed and the place in it alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <distload/base/dtype.hpp>
#include <distload/tensor/box.hpp>

namespace distload::synth {

/// Whoever generates whichever part of a tensor, in whatever order, gets the same bytes.
class Content {
 public:
  /// Finite numbers of random sign, between 2^-7 and 2^-3 in magnitude, as weights are.
  /// @param dtype  a floating-point type of 16 bits or more
  /// @throws InternalError  another one
  Content(std::string_view tensor, std::uint64_t seed, DType dtype);

  /// The bytes from `offset_bytes` of the row-major tensor on.
  void fill(Bytes offset_bytes, std::span<std::byte> bytes) const noexcept;

  /// The bytes of the elements [begin, begin + n) of a box of a tensor of shape `shape`, in the box's row-major order;
  /// `bytes` is n elements long.
  void fill_box(Shape const& shape, Box const& box, std::uint64_t begin, std::span<std::byte> bytes) const;

 private:
  std::uint64_t word(std::uint64_t index) const noexcept;

  std::uint64_t key_;
  std::uint64_t keep_;  ///< random bits that are kept, in all elements of a word
  std::uint64_t set_;   ///< bits that are set, in all elements of a word
  Bytes element_bytes_;
};

}  // namespace distload::synth
