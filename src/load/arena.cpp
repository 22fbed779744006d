// Allocates the arena in the memory space of shards.
#include "load/arena.hpp"

#include "base/process_memory.hpp"
#include "base/system.hpp"

namespace distload {

Arena::Arena(Device& device, Bytes nbytes, PageSize size) : nbytes_(nbytes) {
  if (device.is_host()) {
    host_ = HostMemory(nbytes, size);
  } else {
    device_ = device.allocate(nbytes);
  }
}

Arena Arena::with_releasable_pages(Device& device, Bytes nbytes, PageSize size) {
  if (device.is_host()) return {device, nbytes, size};
  Arena arena(nbytes);
  arena.device_ = device.reserve(nbytes);
  return arena;
}

Arena Arena::over(std::span<std::byte> memory) {
  Arena arena(memory.size());
  arena.other_ = memory.data();
  return arena;
}

std::byte* Arena::data() const noexcept {
  if (other_ != nullptr) return other_;
  return host_.data() != nullptr ? host_.data() : device_.data();
}

std::vector<std::span<std::byte>> Arena::ranges_without(std::span<PlannedView const> views) const {
  std::vector<std::span<std::byte>> ranges;
  if (host_.data() == nullptr) return ranges;
  auto const page = distload::page_bytes();
  Bytes begin = 0;
  auto const add_until = [&](Bytes end) {
    if (begin < end) ranges.emplace_back(data() + begin, end - begin);
  };
  for (auto const& view : views) {
    add_until(round_down(view.arena_offset_bytes, page));
    begin = round_up(view.arena_offset_bytes + view.nbytes, page);
  }
  add_until(round_up(nbytes_, page));
  return ranges;
}

Bytes Arena::page_bytes() const noexcept {
  return device_.page_bytes() > 0 ? device_.page_bytes() : distload::page_bytes();
}

void Arena::drop_pages(Bytes offset, Bytes nbytes) noexcept {
  if (host_.data() != nullptr) {
    drop_host_pages({host_.data() + offset, nbytes});
  } else {
    device_.release(offset, nbytes);
  }
}

void Arena::map_files(std::span<PlannedView const> views, FileMapping const* files) {
  host_.unmap_files();
  auto const page = distload::page_bytes();
  for (auto const& view : views) {
    auto const before = view.file_offset_bytes % page;
    host_.map_file(view.arena_offset_bytes - before, files->file(view.file).descriptor(),
                   view.file_offset_bytes - before, view.nbytes + before);
  }
}

std::optional<Bytes> available_arena_bytes(Device const& device, std::uint32_t sharers, std::uint32_t device_sharers) {
  if (device.is_host()) return available_host_bytes(sharers);
  auto const available = device.available_bytes();
  if (!available) return std::nullopt;
  return *available / device_sharers;
}

std::optional<Bytes> least_limit(std::optional<Bytes> own, Communicator& ranks) {
  constexpr auto kNone = ~std::uint64_t{0};
  std::vector<std::uint64_t> limit{own.value_or(kNone)};
  ranks.all_reduce(std::span<std::uint64_t>(limit), Reduction::min);
  if (limit.front() == kNone) return std::nullopt;
  return limit.front();
}

}  // namespace distload
