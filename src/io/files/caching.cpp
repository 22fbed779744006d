// Queries alignments by statx.
#include "io/files/caching.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>

namespace distload {

DirectAlignment direct_alignment_of(int descriptor) noexcept {
  DirectAlignment alignment;
#if defined(STATX_DIOALIGN)
  struct statx status {};
  auto const known = statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
                     (status.stx_mask & STATX_DIOALIGN) != 0 && status.stx_dio_offset_align != 0;
  // Most devices accept requests that are not aligned to pages, but some take twice as long for them.
  if (known) {
    alignment = {std::max<Bytes>(status.stx_dio_offset_align, alignment.offset),
                 std::max<Bytes>(status.stx_dio_mem_align, 1)};
  }
#else
  static_cast<void>(descriptor);
#endif
  return alignment;
}

}  // namespace distload
