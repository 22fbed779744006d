/// IoRing: asynchronous reads and writes with io_uring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <liburing.h>

#include <distload/base/bytes.hpp>

namespace distload {

/// An io_uring instance. The memory of uncompleted requests is in use until the destructor, which waits for them. Used
/// by one thread at a time.
class IoRing {
 public:
  /// For up to `depth` requests in flight.
  /// @throws IoError  the kernel reports an error.
  explicit IoRing(std::uint32_t depth);
  ~IoRing();
  IoRing(IoRing const&) = delete;
  IoRing& operator=(IoRing const&) = delete;

  /// Pins `memory`, which lowers the kernel's cost per request. If the limit on locked memory forbids it, does nothing.
  void register_memory(std::span<std::byte> memory) noexcept;

  /// Starts a read of `destination.size()` bytes. Precondition: fewer than `depth` requests are in flight.
  /// @throws IoError  the kernel reports an error.
  void read(int descriptor, Bytes offset, std::span<std::byte> destination, std::uint64_t id);

  /// Starts a write of `source.size()` bytes. Precondition: fewer than `depth` requests are in flight.
  /// @throws IoError  the kernel reports an error.
  void write(int descriptor, Bytes offset, std::span<std::byte const> source, std::uint64_t id);

  struct Completion {
    std::uint64_t id = 0;
    std::int32_t result = 0;  ///< bytes, or a negative error number
  };
  /// Waits until a request completes. Precondition: one is in flight.
  /// @throws IoError  the kernel reports an error.
  Completion wait();

  /// Number of requests submitted and not completed.
  std::uint32_t under_way() const noexcept { return under_way_; }

 private:
  bool is_registered(std::span<std::byte const> memory) const noexcept;
  void submit(io_uring_sqe* entry, std::uint64_t id);

  io_uring ring_{};
  std::span<std::byte const> registered_;
  std::uint32_t under_way_ = 0;
};

}  // namespace distload
