/// CopyList: strided copies that one kernel makes, and the division of them into shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include "tensor/cast.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// A strided copy with its buffers, which the execution space can access.
struct BoundCopy {
  StridedCopy copy;
  std::byte const* source = nullptr;
  std::byte* destination = nullptr;
};

/// A strided copy with conversion of element types; in a transpose both types may be equal.
struct BoundCast {
  BoundCopy bound;
  Cast cast;
};

/// A copy of a list. Its shares have the numbers from `first_share` to the next copy's.
struct ListedCopy {
  BoundCast cast;
  std::uint64_t first_share = 0;
};

/// Copies with at least one share each, where kernels can read them.
struct CopyList {
  ListedCopy const* copies = nullptr;
  std::uint32_t count = 0;
  std::uint64_t shares = 0;
};

/// The copy that share number `share` of a list belongs to.
KOKKOS_INLINE_FUNCTION ListedCopy const& copy_of_share(CopyList const& list, std::uint64_t share) {
  std::uint32_t first = 0;
  auto behind = list.count;
  while (behind - first > 1) {
    auto const middle = first + (behind - first) / 2;
    if (list.copies[middle].first_share <= share) {
      first = middle;
    } else {
      behind = middle;
    }
  }
  return list.copies[first];
}

/// The copies of one step of a wave, by kernel.
struct StepCopies {
  CopyList copies;
  CopyList casts;
  CopyList transposes;
};

/// Collects the copies of one step.
class StepBuilder {
 public:
  /// A transpose is recognised by its loops.
  void add(BoundCopy const& bound, std::optional<Cast> const& cast);

  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept {
    return copies_.entries.size() + casts_.entries.size() + transposes_.entries.size();
  }
  /// Lists in the memory of this object.
  StepCopies lists() const noexcept;
  /// Appends all entries to `all`.
  void append_to(std::vector<ListedCopy>& all) const;
  /// Lists in a copy of the appended entries that begins at `at`.
  StepCopies lists_at(ListedCopy const* at) const noexcept;

 private:
  struct Entries {
    std::vector<ListedCopy> entries;
    std::uint64_t shares = 0;

    void add(BoundCast const& cast, std::uint64_t count);
    CopyList at(ListedCopy const* where) const noexcept {
      return {where, static_cast<std::uint32_t>(entries.size()), shares};
    }
  };

  Entries copies_;
  Entries casts_;
  Entries transposes_;
};

/// The entries where kernels can read them. Returns when they are there.
Kokkos::View<ListedCopy*, Kokkos::DefaultExecutionSpace::memory_space> on_device(
    Kokkos::DefaultExecutionSpace const& space, std::vector<ListedCopy> const& entries);

/// A list of its own where kernels can read it, for calls outside of a pipeline. Enqueues its transfer, and returns
/// when it is done.
/// @param shares_of  number of shares of a copy
Kokkos::View<ListedCopy*, Kokkos::DefaultExecutionSpace::memory_space> listed(
    Kokkos::DefaultExecutionSpace const& space, std::vector<BoundCast> const& copies,
    std::uint64_t (*shares_of)(StridedCopy const&), CopyList& list);

}  // namespace distload
