// mmap and madvise.
#include "load/huge_pages.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include <distload/base/error.hpp>

namespace distload {

HugePages::HugePages(Bytes nbytes) {
  if (nbytes == 0) return;
  // One page more, so that an aligned stretch lies in it whatever address the kernel chooses.
  mapping_bytes_ = round_up(nbytes, kHugePageBytes) + kHugePageBytes;
  mapping_ =
      ::mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) {
    mapping_ = nullptr;
    throw OutOfBudget("the system refuses " + format_bytes(nbytes) + " of memory (mmap: " + std::strerror(errno) + ")");
  }
  auto const address = reinterpret_cast<std::uintptr_t>(mapping_);
  data_ = static_cast<std::byte*>(mapping_) + (round_up(address, kHugePageBytes) - address);
  // A kernel without transparent huge pages says no; then 4 KiB pages serve, only slower.
  static_cast<void>(
      ::madvise(data_, mapping_bytes_ - static_cast<Bytes>(data_ - static_cast<std::byte*>(mapping_)), MADV_HUGEPAGE));
}

HugePages::~HugePages() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

}  // namespace distload
