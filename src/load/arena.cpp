// Allocates the arena in the memory space of shards.
#include "load/arena.hpp"

#include <new>
#include <stdexcept>
#include <string>

#include <distload/base/error.hpp>

#include "base/process_memory.hpp"
#include "base/system.hpp"

namespace distload {

Arena::Arena(Bytes nbytes, PageSize size) : nbytes_(nbytes) {
  if constexpr (kArenaOnHost) {
    host_ = HostMemory(nbytes, size);
  } else {
    try {
      device_ = Kokkos::View<std::byte*, ShardSpace>("distload::arena", nbytes);
    } catch (std::runtime_error const& error) {
      throw OutOfBudget("the device refuses " + format_bytes(nbytes) + " of memory: " + error.what());
    }
  }
}

std::byte* Arena::data() const noexcept {
  if constexpr (kArenaOnHost) {
    return host_.data();
  } else {
    return device_.data();
  }
}

std::vector<std::span<std::byte>> Arena::ranges_without(std::span<PlannedView const> views) const {
  std::vector<std::span<std::byte>> ranges;
  if (!kArenaOnHost || nbytes_ == 0) return ranges;
  auto const page = page_bytes();
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

void Arena::drop_pages(Bytes offset, Bytes nbytes) noexcept {
  if constexpr (kArenaOnHost) drop_host_pages({data() + offset, nbytes});
}

void Arena::map_files(std::span<PlannedView const> views, FileMapping const* files) {
  host_.unmap_files();
  auto const page = page_bytes();
  for (auto const& view : views) {
    auto const before = view.file_offset_bytes % page;
    host_.map_file(view.arena_offset_bytes - before, files->file(view.file).descriptor(),
                   view.file_offset_bytes - before, view.nbytes + before);
  }
}

std::optional<Bytes> available_arena_bytes(std::uint32_t sharers) {
#if defined(KOKKOS_ENABLE_CUDA)
  if constexpr (!kArenaOnHost) {
    std::size_t free = 0;
    std::size_t total = 0;
    // Each rank has its own device, so that nothing is divided.
    if (cudaMemGetInfo(&free, &total) == cudaSuccess) return free;
    return std::nullopt;
  }
#endif
  return available_host_bytes(sharers);
}

}  // namespace distload
