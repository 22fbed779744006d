// Packs, exchanges, places and writes one wave.
#include "save/save_wave.hpp"

#include "base/page_choice.hpp"
#include "load/arena.hpp"
#include "parallel/all_or_throw.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {

WaveWriter::WaveWriter(SavePlan const& plan, SaveSource const& source, ExtentWriter& writer)
    : writer_(&writer), received_(plan.received_bytes, measured_page_size()) {
  if constexpr (!kArenaOnHost) {
    device_packed_ = Kokkos::View<std::byte*, ShardSpace>(
        Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::save_packed"), plan.packed_bytes);
  }
  for (auto const& tensor : writer.catalog().tensors) shards_.push_back(source.shard(tensor.name));
}

void WaveWriter::pack(SaveWave const& wave, std::byte* packed) const {
  if (wave.packs.empty()) return;
  auto* const destination = kArenaOnHost ? packed : device_packed_.data();
  std::vector<BoundCopy> copies;
  copies.reserve(wave.packs.size());
  for (auto const& pack : wave.packs) copies.push_back({pack.copy, shards_[pack.tensor], destination});
  Kokkos::DefaultExecutionSpace const space;
  enqueue_copies(space, copies, "distload::save_pack");
  if constexpr (!kArenaOnHost) {
    auto const on_device = Kokkos::subview(device_packed_, Kokkos::make_pair(Bytes{0}, wave.packed_bytes));
    Kokkos::View<std::byte*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const on_host(
        packed, wave.packed_bytes);
    Kokkos::deep_copy(space, on_host, on_device);
  }
  space.fence("distload: packed shards are read by MPI and the writer next");
}

void WaveWriter::exchange(SaveWave const& wave, std::byte* packed, Communicator& ranks) const {
  std::vector<Send> sends;
  for (auto const& message : wave.sends) sends.push_back({message.peer, packed + message.offset_bytes, message.nbytes});
  std::vector<Receive> receives;
  for (auto const& message : wave.receives)
    receives.push_back({message.peer, received_.data() + message.offset_bytes, message.nbytes});
  ranks.exchange(sends, receives);
}

void WaveWriter::write(SaveWave const& wave, std::byte* packed) const {
  for (auto const& place : wave.places) copy_on_host(place, received_.data(), packed);
  auto const& catalog = writer_->catalog();
  for (auto const& unit : wave.writes) {
    auto const* const from = unit.straight ? shards_[catalog.extents[unit.extent].tensor] : packed;
    writer_->write(unit.extent, unit.begin_bytes, {from + unit.offset_bytes, unit.nbytes});
  }
}

void WaveWriter::deliver(SaveWave const& wave, std::byte* packed, Communicator& ranks) const {
  exchange(wave, packed, ranks);
  all_or_throw(ranks, "save_write", [&] { write(wave, packed); });
}

}  // namespace distload
