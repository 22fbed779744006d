// Sorts copies by kernel and numbers their shares.
#include "tensor/kernels/copy_list.hpp"

#include "tensor/kernels/run_shares.hpp"
#include "tensor/kernels/tiles.hpp"

namespace distload {

void StepBuilder::Entries::add(BoundCast const& cast, std::uint64_t count) {
  if (count == 0) return;
  entries.push_back({cast, shares});
  shares += count;
}

void StepBuilder::add(BoundCopy const& bound, std::optional<Cast> const& cast) {
  auto const element_bytes = cast ? size_of(cast->to) : bound.copy.run_bytes;
  BoundCast const entry{bound, cast.value_or(Cast{})};
  if (is_transpose(bound.copy, element_bytes)) {
    transposes_.add(entry, tiles_of(bound.copy));
  } else {
    (cast ? casts_ : copies_).add(entry, shares_of(bound.copy));
  }
}

StepCopies StepBuilder::lists() const noexcept {
  return {copies_.at(copies_.entries.data()), casts_.at(casts_.entries.data()),
          transposes_.at(transposes_.entries.data())};
}

void StepBuilder::append_to(std::vector<ListedCopy>& all) const {
  for (auto const* const part : {&copies_, &casts_, &transposes_}) {
    all.insert(all.end(), part->entries.begin(), part->entries.end());
  }
}

StepCopies StepBuilder::lists_at(ListedCopy const* at) const noexcept {
  auto const* const casts = at + copies_.entries.size();
  return {copies_.at(at), casts_.at(casts), transposes_.at(casts + casts_.entries.size())};
}

Kokkos::View<ListedCopy*, Kokkos::DefaultExecutionSpace::memory_space> on_device(
    Kokkos::DefaultExecutionSpace const& space, std::vector<ListedCopy> const& entries) {
  Kokkos::View<ListedCopy*, Kokkos::DefaultExecutionSpace::memory_space> device(
      Kokkos::view_alloc(space, Kokkos::WithoutInitializing, std::string("distload::copies")), entries.size());
  Kokkos::View<ListedCopy const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(
      entries.data(), entries.size());
  Kokkos::deep_copy(space, device, host);
  // The transfer must complete before the entries are destroyed.
  space.fence("distload: a list of copies is on the device");
  return device;
}

Kokkos::View<ListedCopy*, Kokkos::DefaultExecutionSpace::memory_space> listed(
    Kokkos::DefaultExecutionSpace const& space, std::vector<BoundCast> const& copies,
    std::uint64_t (*shares_of)(StridedCopy const&), CopyList& list) {
  std::vector<ListedCopy> entries;
  entries.reserve(copies.size());
  list = {};
  for (auto const& copy : copies) {
    auto const shares = shares_of(copy.bound.copy);
    if (shares == 0) continue;
    entries.push_back({copy, list.shares});
    list.shares += shares;
  }
  auto const device = on_device(space, entries);
  list.copies = device.data();
  list.count = static_cast<std::uint32_t>(entries.size());
  return device;
}

}  // namespace distload
