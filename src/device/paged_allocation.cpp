// Knows which pages are there.
#include "device/paged_allocation.hpp"

#include <algorithm>

#include <distload/base/error.hpp>

namespace distload {

MemoryHandle PagedAllocation::handle() const {
  throw CommunicationError("memory whose pages can be released is not opened by other ranks");
}

void PagedAllocation::populate(Bytes offset, Bytes nbytes) {
  auto const end = std::min(is_there_.size(), divide_up(offset + nbytes, page_bytes_));
  for (auto page = offset / page_bytes_; page < end;) {
    auto first = page++;
    if (is_there_[first]) continue;
    while (page < end && !is_there_[page]) ++page;
    add(first, page - first);
    for (; first < page; ++first) is_there_[first] = true;
  }
}

void PagedAllocation::release(Bytes offset, Bytes nbytes) noexcept {
  auto const end = std::min(is_there_.size(), (offset + nbytes) / page_bytes_);
  for (auto page = divide_up(offset, page_bytes_); page < end; ++page) {
    if (!is_there_[page]) continue;
    drop(page);
    is_there_[page] = false;
  }
}

}  // namespace distload
