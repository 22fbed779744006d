// mmap and madvise.
#include "base/host_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {

HostMemory::HostMemory(Bytes nbytes, PageSize size) : size_(size) {
  if (nbytes == 0) return;
  size == PageSize::reserved ? map_reserved(nbytes) : map_anonymous(nbytes);
}

void HostMemory::map_anonymous(Bytes nbytes) {
  // One more huge page, so that the mapping contains an aligned range at any address.
  mapping_bytes_ = round_up(nbytes, kHugePageBytes) + kHugePageBytes;
  mapping_ =
      ::mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) {
    mapping_ = nullptr;
    throw OutOfBudget("the system refuses " + format_bytes(nbytes) + " of memory (mmap: " + system_reason() + ")");
  }
  data_ = next_huge_page(static_cast<std::byte*>(mapping_));
  advise_page_size({data_, mapping_bytes_ - static_cast<Bytes>(data_ - static_cast<std::byte*>(mapping_))}, size_);
}

void HostMemory::map_reserved(Bytes nbytes) {
  constexpr int kPagesOf2MiB = 21 << MAP_HUGE_SHIFT;
  mapping_bytes_ = round_up(nbytes, kHugePageBytes);
  mapping_ = ::mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | kPagesOf2MiB, -1, 0);
  if (mapping_ == MAP_FAILED) {
    mapping_ = nullptr;
    throw OutOfBudget("there are no " + std::to_string(mapping_bytes_ / kHugePageBytes) +
                      " huge pages of 2 MiB free for load.huge_pages: reserved; the administrator sets them aside by "
                      "vm.nr_hugepages (mmap: " +
                      system_reason() + ")");
  }
  data_ = static_cast<std::byte*>(mapping_);
}

void HostMemory::map_file(Bytes offset, int descriptor, Bytes file_offset, Bytes nbytes) {
  auto* const place = data_ + offset;
  files_.push_back({place, nbytes});
  auto* const mapped = ::mmap(place, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
                              descriptor, static_cast<off_t>(file_offset));
  if (mapped != MAP_FAILED) return;
  if (errno == ENOMEM)
    throw OutOfBudget(std::string("the system has no room for another mapping (vm.max_map_count): ") + system_reason());
  throw IoError(std::string("cannot map a file into the arena: ") + system_reason());
}

bool HostMemory::maps_file_at(Bytes offset) const noexcept {
  if (files_.empty()) return false;
  auto const* const at = data_ + offset;
  auto const behind = std::ranges::upper_bound(files_, at, std::ranges::less(), &Range::begin);
  return behind != files_.begin() && at < std::prev(behind)->begin + std::prev(behind)->nbytes;
}

void HostMemory::unmap_files() {
  for (auto const& range : files_) {
    auto* const mapped = ::mmap(range.begin, range.nbytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
      throw OutOfBudget("the system refuses " + format_bytes(range.nbytes) + " of memory (mmap: " + system_reason() +
                        ")");
    }
    advise_page_size({range.begin, range.nbytes}, size_);
  }
  files_.clear();
}

HostMemory::~HostMemory() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

void advise_page_size(std::span<std::byte> memory, PageSize size) noexcept {
  if (size == PageSize::reserved) return;
  auto const advice = size == PageSize::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
  static_cast<void>(::madvise(memory.data(), round_up(memory.size(), page_bytes()), advice));
}

void drop_host_pages(std::span<std::byte> memory) noexcept {
  static_cast<void>(::madvise(memory.data(), memory.size(), MADV_DONTNEED));
}

bool populate_pages(std::span<std::byte> memory) noexcept {
#if defined(MADV_POPULATE_WRITE)
  while (::madvise(memory.data(), round_up(memory.size(), page_bytes()), MADV_POPULATE_WRITE) != 0) {
    if (errno != EINTR && errno != EAGAIN) return false;
  }
  return true;
#else
  static_cast<void>(memory);
  return false;
#endif
}

bool has_transparent_huge_pages() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string line;
  return std::getline(file, line) && line.find("[never]") == std::string::npos;
}

}  // namespace distload
