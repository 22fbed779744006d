/// Bands: divides a box into boxes of bounded size that follow each other in memory. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <distload/base/bytes.hpp>
#include <distload/tensor/box.hpp>

namespace distload {

class Bands {
 public:
  /// @param most_bytes  of a band, unless one element is larger
  /// @param transposed  the last two axes lie in memory the other way round
  Bands(Box const& box, Bytes element_bytes, Bytes most_bytes, bool transposed);

  std::uint64_t count() const noexcept { return count_; }
  /// Precondition: index < count().
  Box operator[](std::uint64_t index) const;

 private:
  Box box_;
  std::array<std::size_t, kMaxAxes> axes_{};  ///< in the order in which they lie in memory, outermost first
  std::size_t outer_ = 0;                     ///< axes before the one that is divided; a band has one index of each
  std::uint64_t step_ = 1;                    ///< indices of the divided axis in one band
  std::uint64_t steps_ = 1;
  std::uint64_t count_ = 1;
};

}  // namespace distload
