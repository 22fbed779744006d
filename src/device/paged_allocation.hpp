/// PagedAllocation: memory at addresses that stay, whose pages come and go.
#pragma once

#include <cstddef>
#include <vector>

#include "device/device.hpp"

namespace distload {

class PagedAllocation : public Allocation {
 public:
  PagedAllocation(Bytes page_bytes, std::size_t pages) : page_bytes_(page_bytes), is_there_(pages, false) {}

  MemoryHandle handle() const final;
  Bytes page_bytes() const noexcept final { return page_bytes_; }
  void populate(Bytes offset, Bytes nbytes) final;
  void release(Bytes offset, Bytes nbytes) noexcept final;

 protected:
  /// Releases all pages; for the destructor of the derived class.
  void release_all() noexcept { release(0, page_bytes_ * is_there_.size()); }

 private:
  /// Gives `count` pages from number `first` on zeroed memory.
  /// @throws OutOfBudget  the device has not so much; none of them has got any.
  virtual void add(std::size_t first, std::size_t count) = 0;
  virtual void drop(std::size_t page) noexcept = 0;

  Bytes page_bytes_;
  std::vector<bool> is_there_;  ///< by page
};

}  // namespace distload
