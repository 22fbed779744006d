/// IoRing: asynchronous reads and writes by io_uring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <liburing.h>

#include <distload/base/bytes.hpp>

namespace distload {

/// One ring of this process. What has been submitted and not completed uses its memory until the ring is destroyed,
/// which waits for it. Used by one thread at a time.
class IoRing {
 public:
  /// Room for `depth` requests at a time.
  /// @throws IoError  the kernel refuses.
  explicit IoRing(std::uint32_t depth);
  ~IoRing();
  IoRing(IoRing const&) = delete;
  IoRing& operator=(IoRing const&) = delete;

  /// Pins `memory`, so that requests for it cost the kernel less. Without leave to pin so much it stays as it is.
  void register_memory(std::span<std::byte> memory) noexcept;

  /// Starts a read of `destination.size()` bytes. Precondition: fewer than `depth` requests are under way.
  /// @throws IoError  the kernel refuses.
  void read(int descriptor, Bytes offset, std::span<std::byte> destination, std::uint64_t id);

  /// Starts a write of `source.size()` bytes. Precondition: fewer than `depth` requests are under way.
  /// @throws IoError  the kernel refuses.
  void write(int descriptor, Bytes offset, std::span<std::byte const> source, std::uint64_t id);

  struct Completion {
    std::uint64_t id = 0;
    std::int32_t result = 0;  ///< bytes, or a negative error number
  };
  /// Waits for some request to complete. Precondition: one is under way.
  /// @throws IoError  the kernel refuses.
  Completion wait();

  std::uint32_t under_way() const noexcept { return under_way_; }

 private:
  bool is_registered(std::span<std::byte const> memory) const noexcept;
  void submit(io_uring_sqe* entry, std::uint64_t id);

  io_uring ring_{};
  std::span<std::byte const> registered_;
  std::uint32_t under_way_ = 0;
};

}  // namespace distload
