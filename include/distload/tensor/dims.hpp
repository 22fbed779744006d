/// Dims: sizes or offsets, one per axis, without a heap allocation: planning makes millions of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace distload {

/// The most axes a tensor may have.
inline constexpr std::size_t kMaxAxes = 8;

/// Sizes or offsets in elements, one per axis; a scalar has none.
class Dims {
 public:
  constexpr Dims() = default;
  /// @throws std::length_error  more than kMaxAxes values.
  constexpr Dims(std::initializer_list<std::uint64_t> values) : Dims(std::span(values.begin(), values.size())) {}
  /// @throws std::length_error  more than kMaxAxes values.
  constexpr explicit Dims(std::span<std::uint64_t const> values) : size_(checked(values.size())) {
    std::copy(values.begin(), values.end(), values_.begin());
  }
  /// `size` axes of `value` each.
  static constexpr Dims filled(std::size_t size, std::uint64_t value) {
    Dims result;
    result.size_ = checked(size);
    std::fill_n(result.values_.begin(), size, value);
    return result;
  }

  /// Number of axes.
  constexpr std::size_t size() const noexcept { return size_; }
  /// True for a scalar.
  constexpr bool empty() const noexcept { return size_ == 0; }
  /// Precondition: axis < size().
  constexpr std::uint64_t operator[](std::size_t axis) const { return values_[axis]; }
  /// Precondition: axis < size().
  constexpr std::uint64_t& operator[](std::size_t axis) { return values_[axis]; }
  /// Of the outermost axis.
  constexpr std::uint64_t const* begin() const noexcept { return values_.data(); }
  /// Behind the innermost axis.
  constexpr std::uint64_t const* end() const noexcept { return values_.data() + size_; }
  /// Of the innermost axis. Precondition: not empty.
  constexpr std::uint64_t back() const { return values_[size_ - 1U]; }

  /// Adds one innermost axis.
  constexpr void push_back(std::uint64_t value) {
    size_ = checked(size_ + std::size_t{1});
    values_[size_ - 1U] = value;
  }

  friend constexpr bool operator==(Dims const& a, Dims const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static constexpr std::uint8_t checked(std::size_t size) {
    if (size > kMaxAxes) throw std::length_error("a tensor of more than 8 axes");
    return static_cast<std::uint8_t>(size);
  }

  std::array<std::uint64_t, kMaxAxes> values_{};
  std::uint8_t size_ = 0;
};

/// The sizes of a tensor in elements, outermost axis first.
using Shape = Dims;

/// Number of elements: the product of the sizes, 1 for a scalar. The caller has checked that it fits
/// (`checked_volume`).
std::uint64_t volume(Dims const& dims) noexcept;

/// Number of elements times `factor`, or nothing if that exceeds 64 bits.
std::optional<std::uint64_t> checked_volume(Dims const& dims, std::uint64_t factor = 1) noexcept;

/// "[4096, 11008]"
std::string to_string(Dims const& dims);

/// The sizes of the transposed tensor. Precondition: at least two axes.
Dims with_last_axes_swapped(Dims dims);

}  // namespace distload
