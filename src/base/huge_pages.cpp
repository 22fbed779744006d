// mmap and madvise.
#include "base/huge_pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {

HugePages::HugePages(Bytes nbytes, HugePageKind kind) {
  if (nbytes == 0) return;
  kind == HugePageKind::reserved ? map_reserved(nbytes) : map_transparent(nbytes);
}

void HugePages::map_transparent(Bytes nbytes) {
  // One more huge page, so that the mapping contains an aligned range at any address.
  mapping_bytes_ = round_up(nbytes, kHugePageBytes) + kHugePageBytes;
  mapping_ =
      ::mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) {
    mapping_ = nullptr;
    throw OutOfBudget("the system refuses " + format_bytes(nbytes) + " of memory (mmap: " + system_reason() + ")");
  }
  auto const address = reinterpret_cast<std::uintptr_t>(mapping_);
  data_ = static_cast<std::byte*>(mapping_) + (round_up(address, kHugePageBytes) - address);
  // A kernel without transparent huge pages returns an error; the mapping then uses 4 KiB pages, which is slower.
  static_cast<void>(
      ::madvise(data_, mapping_bytes_ - static_cast<Bytes>(data_ - static_cast<std::byte*>(mapping_)), MADV_HUGEPAGE));
}

void HugePages::map_reserved(Bytes nbytes) {
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

void HugePages::map_file(Bytes offset, int descriptor, Bytes file_offset, Bytes nbytes) {
  auto* const place = data_ + offset;
  files_.push_back({place, nbytes});
  auto* const mapped = ::mmap(place, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
                              descriptor, static_cast<off_t>(file_offset));
  if (mapped != MAP_FAILED) return;
  if (errno == ENOMEM)
    throw OutOfBudget(std::string("the system has no room for another mapping (vm.max_map_count): ") + system_reason());
  throw IoError(std::string("cannot map a file into the arena: ") + system_reason());
}

bool HugePages::maps_file_at(Bytes offset) const noexcept {
  auto const* const at = data_ + offset;
  return std::ranges::any_of(files_,
                             [&](Range const& range) { return at >= range.begin && at < range.begin + range.nbytes; });
}

std::vector<std::span<std::byte>> HugePages::without_files(Bytes nbytes) const {
  auto const page = page_bytes();
  std::vector<std::span<std::byte>> ranges;
  auto* begin = data_;
  auto* const end = data_ + round_up(nbytes, page);
  for (auto const& file : files_) {  // ascending
    if (file.begin > begin) ranges.emplace_back(begin, file.begin);
    begin = file.begin + round_up(file.nbytes, page);
  }
  if (begin < end) ranges.emplace_back(begin, end);
  return ranges;
}

void HugePages::unmap_files() {
  for (auto const& range : files_) {
    auto* const mapped = ::mmap(range.begin, range.nbytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
      throw OutOfBudget("the system refuses " + format_bytes(range.nbytes) + " of memory (mmap: " + system_reason() +
                        ")");
    }
    static_cast<void>(::madvise(range.begin, range.nbytes, MADV_HUGEPAGE));
  }
  files_.clear();
}

HugePages::~HugePages() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

}  // namespace distload
