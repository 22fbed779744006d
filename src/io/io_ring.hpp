/// IoRing: asynchronous reads by io_uring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <liburing.h>

#include <distload/base/bytes.hpp>

namespace distload {

/// One ring of this process. What has been submitted and not completed writes to memory until the ring is destroyed,
/// which waits for it. Used by one thread.
class IoRing {
 public:
  /// Room for `depth` reads at a time.
  /// @throws IoError  the kernel refuses.
  explicit IoRing(std::uint32_t depth);
  ~IoRing();
  IoRing(IoRing const&) = delete;
  IoRing& operator=(IoRing const&) = delete;

  /// Pins `memory`, so that reads into it cost the kernel less. Without leave to pin so much it stays as it is.
  void register_memory(std::span<std::byte> memory) noexcept;

  /// Starts a read of `destination.size()` bytes. Precondition: fewer than `depth` are under way.
  /// @throws IoError  the kernel refuses.
  void read(int descriptor, Bytes offset, std::span<std::byte> destination, std::uint64_t id);

  struct Completion {
    std::uint64_t id = 0;
    std::int32_t result = 0;  ///< bytes, or a negative error number
  };
  /// Waits for some read to complete. Precondition: one is under way.
  /// @throws IoError  the kernel refuses.
  Completion wait();

  std::uint32_t under_way() const noexcept { return under_way_; }

 private:
  io_uring ring_{};
  std::span<std::byte> registered_;
  std::uint32_t under_way_ = 0;
};

}  // namespace distload
