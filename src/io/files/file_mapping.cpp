// mmap and madvise.
#include "io/files/file_mapping.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>

#include <distload/base/error.hpp>

#include "base/host_memory.hpp"
#include "base/system.hpp"
#include "checkpoint/mapped_offsets.hpp"

namespace distload {
namespace {

/// The pages of a byte range.
struct Pages {
  void* begin;
  Bytes nbytes;
};

Pages pages_of(std::byte* data, Bytes offset, Bytes nbytes) {
  auto const page = page_bytes();
  auto const first = round_down(offset, page);
  return {data + first, round_up(offset + nbytes, page) - first};
}

/// Reserves address space for all files, without access.
std::byte* reserve(Bytes nbytes) {
  auto* const memory = mmap(nullptr, nbytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw IoError("the system refuses " + format_bytes(nbytes) + " of addresses: " + system_reason());
  return static_cast<std::byte*>(memory);
}

}  // namespace

FileMapping::FileMapping(InputFiles& files) : offsets_(mapped_offsets(files.catalog())), files_(&files) {
  auto const& described = files.catalog().files;
  for (std::uint32_t i = 0; i < described.size(); ++i) files.open(i);
  if (offsets_.back() == 0) return;
  // Huge pages of the page cache are mapped as such only at multiples of their size.
  reserved_ = reserve(offsets_.back() + kHugePageBytes);
  data_ = next_huge_page(reserved_);
  for (std::uint32_t i = 0; i < described.size(); ++i) {
    auto const nbytes = described[i].size_bytes;
    if (nbytes == 0) continue;
    auto* const mapped = mmap(data_ + offsets_[i], nbytes, PROT_READ, MAP_SHARED | MAP_FIXED, files[i].descriptor(), 0);
    if (mapped != MAP_FAILED) continue;
    auto const message = "cannot map " + files[i].path() + ": " + system_reason();
    unreserve();
    throw IoError(message);
  }
}

FileMapping::~FileMapping() { unreserve(); }

void FileMapping::unreserve() noexcept {
  if (reserved_ != nullptr) munmap(reserved_, offsets_.back() + kHugePageBytes);
}

bool FileMapping::prefault(Bytes offset, Bytes nbytes) const {
#if defined(MADV_POPULATE_READ)
  if (nbytes == 0) return true;
  auto const pages = pages_of(data_, offset, nbytes);
  int result = 0;
  do result = madvise(pages.begin, pages.nbytes, MADV_POPULATE_READ);
  while (result != 0 && (errno == EINTR || errno == EAGAIN));
  if (result == 0) return true;
  if (errno == EINVAL) return false;
  auto const why = errno == EFAULT ? std::string("storage failed, or the file has become shorter") : system_reason();
  auto const number = static_cast<std::uint32_t>(std::ranges::upper_bound(offsets_, offset) - offsets_.begin() - 1);
  auto const begin = offset - offsets_[number];
  throw IoError("cannot read " + file(number).path() + ", bytes [" + std::to_string(begin) + ", " +
                std::to_string(begin + nbytes) + "), through its mapping: " + why);
#else
  static_cast<void>(offset);
  static_cast<void>(nbytes);
  return false;
#endif
}

bool FileMapping::is_resident(Bytes offset, Bytes nbytes) const noexcept {
  if (nbytes == 0) return true;
  auto const pages = pages_of(data_, offset, nbytes);
  // Even if all pages are mapped, the system would check every page.
  unsigned char first = 0;
  unsigned char last = 0;
  auto* const end = static_cast<std::byte*>(pages.begin) + pages.nbytes;
  return mincore(pages.begin, 1, &first) == 0 && mincore(end - page_bytes(), 1, &last) == 0 && (first & 1U) != 0 &&
         (last & 1U) != 0;
}

void FileMapping::will_need(Bytes offset, Bytes nbytes) const noexcept {
  if (is_resident(offset, nbytes)) return;
  auto const pages = pages_of(data_, offset, nbytes);
  static_cast<void>(madvise(pages.begin, pages.nbytes, MADV_WILLNEED));
}

void FileMapping::release(Bytes offset, Bytes nbytes) const noexcept {
  if (nbytes == 0) return;
  auto const pages = pages_of(data_, offset, nbytes);
  static_cast<void>(madvise(pages.begin, pages.nbytes, MADV_DONTNEED));
}

}  // namespace distload
