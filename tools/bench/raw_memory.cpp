// Maps memory and advises the kernel on its pages.
#include "bench/raw_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {
namespace {

constexpr Bytes kAlignment = 2 * kMiB;

}  // namespace

std::string_view name_of(PageKind pages) noexcept { return pages == PageKind::small ? "4 KiB pages" : "huge pages"; }

RawMemory::RawMemory(Bytes nbytes, PageKind pages) : nbytes_(nbytes) {
  auto const wanted = round_up(std::max(nbytes, Bytes{1}), kAlignment) + kAlignment;
  auto* const mapped = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw OutOfBudget("cannot map " + format_bytes(nbytes) + ": " + system_reason());
  mapping_ = mapped;
  mapping_bytes_ = wanted;
  auto const address = reinterpret_cast<std::uintptr_t>(mapped);
  data_ = static_cast<std::byte*>(mapped) + (round_up(address, kAlignment) - address);
  // Fails on a kernel without transparent huge pages, where all pages are small.
  madvise(mapping_, mapping_bytes_, pages == PageKind::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

RawMemory::~RawMemory() {
  if (mapping_ != nullptr) munmap(mapping_, mapping_bytes_);
}

void RawMemory::touch() const noexcept {
  for (Bytes place = 0; place < nbytes_; place += page_bytes()) data_[place] = std::byte{1};
}

RawMemory touched_memory(Bytes nbytes) {
  RawMemory memory(nbytes, PageKind::huge);
  memory.touch();
  return memory;
}

}  // namespace distload
