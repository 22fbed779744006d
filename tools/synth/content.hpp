/// Content: the elements of a synthetic tensor as a function of its name, a seed and their positions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <distload/base/dtype.hpp>
#include <distload/tensor/box.hpp>

#include "partition/describe_model.hpp"

namespace distload::synth {

/// Any part of a tensor can be generated alone and in any order.
class Content {
 public:
  /// Generates finite numbers of random sign, with magnitudes between 2^-7 and 2^-3, similar to weights; of
  /// floating-point types of 8 bits, magnitudes up to 2. Integers are random.
  /// @param numbers  what integers are instead
  /// @throws InternalError  a complex type, or numbers that are not of 32 or 64 bits
  Content(std::string_view tensor, std::uint64_t seed, DType dtype, TensorNumbers const& numbers = {});

  /// Generates the bytes from `offset_bytes` of the row-major tensor on.
  void fill(Bytes offset_bytes, std::span<std::byte> bytes) const noexcept;

  /// Generates the elements [begin, begin + n) of a box of a tensor of shape `shape`, in the box's row-major order;
  /// `bytes` has the size of n elements.
  void fill_box(Shape const& shape, Box const& box, std::uint64_t begin, std::span<std::byte> bytes) const;

 private:
  std::uint64_t word(std::uint64_t index) const noexcept;

  std::uint64_t key_;
  std::uint64_t keep_;  ///< mask of random bits, for all elements of a word
  std::uint64_t set_;   ///< mask of bits that are set, for all elements of a word
  Bytes element_bytes_;
  TensorNumbers numbers_;
};

}  // namespace distload::synth
