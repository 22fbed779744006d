/// Device: where shards live and kernels run. One interface with three implementations: the host itself, CUDA, and an
/// emulated device in host memory, whose streams are threads, for tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <Kokkos_Core.hpp>

#include <distload/base/bytes.hpp>

namespace distload {

/// Enqueues kernels on an execution space.
using Kernels = std::function<void(Kokkos::DefaultExecutionSpace const&)>;

/// A point in the work of a stream. May be recorded again; one thread records, any thread may wait.
class Event {
 public:
  Event() = default;
  virtual ~Event() = default;
  Event(Event const&) = delete;
  Event& operator=(Event const&) = delete;

  /// True if the work before the last record is complete, or there was none.
  /// @throws InternalError  the device has failed.
  virtual bool is_complete() const = 0;
  /// Blocks until then.
  /// @throws InternalError  the device has failed.
  virtual void wait() const = 0;
};

/// Work that a device does in order. The members enqueue; on the host they do the work before they return. A stream
/// whose work has failed does no more; `check`, `is_done` and `synchronize` throw the failure.
class Stream {
 public:
  Stream() = default;
  virtual ~Stream() = default;
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;

  /// Copies between host and device memory, or within either. Host memory is pinned, otherwise the call may block. Of
  /// no bytes, both may be null.
  virtual void copy(std::byte* to, std::byte const* from, Bytes nbytes) = 0;
  /// `kernels` is called with the stream's execution space: now or, on the emulated device, in the stream's thread.
  /// What it refers to lives until the work is done.
  /// @param label  for traces
  virtual void run(char const* label, Kernels kernels) = 0;
  /// Calls a host function in the order of the stream. It must not use the device.
  virtual void call(std::function<void()> function) = 0;

  virtual void record(Event& event) = 0;
  /// What is enqueued from now on waits for the event as it is recorded now.
  virtual void wait_for(Event const& event) = 0;

  /// True when all work enqueued so far is complete.
  virtual bool is_done() const = 0;
  /// Blocks until all work enqueued so far is complete.
  virtual void synchronize() = 0;
  /// Throws if work has failed so far.
  virtual void check() const = 0;

  /// cudaStream_t, or what stands for it on an emulated device; nullptr on the host.
  virtual void* handle() const noexcept = 0;
};

/// Points in time on streams, by number.
class Timestamps {
 public:
  Timestamps() = default;
  virtual ~Timestamps() = default;
  Timestamps(Timestamps const&) = delete;
  Timestamps& operator=(Timestamps const&) = delete;

  /// Takes the time when the stream's work so far is complete.
  virtual void record(Stream& stream, std::size_t number) = 0;
  /// Seconds from the creation of the object; nothing if it was not recorded. Valid when the stream is synchronised.
  virtual std::optional<double> seconds(std::size_t number) const = 0;
};

/// What another process of the node needs to open memory of this one.
struct MemoryHandle {
  std::array<std::byte, 64> opaque{};
  Bytes nbytes = 0;
};

/// One allocation. Its owner frees it on destruction.
class Allocation {
 public:
  Allocation() = default;
  virtual ~Allocation() = default;
  Allocation(Allocation const&) = delete;
  Allocation& operator=(Allocation const&) = delete;

  virtual std::byte* data() const noexcept = 0;
  /// @throws CommunicationError  the device cannot share memory.
  virtual MemoryHandle handle() const = 0;
  /// Of DeviceMemory.
  virtual Bytes page_bytes() const noexcept { return 0; }
  virtual void populate(Bytes, Bytes) {}
  virtual void release(Bytes, Bytes) noexcept {}
};

/// Memory of a device, in whole pages of 2 MiB, so that other processes to which it is shown see nothing else. Aligned
/// to its pages. Move-only.
///
/// The pages of memory that `Device::reserve` gives come and go, while its addresses stay: `populate` and `release`.
/// They do nothing to other memory, all of whose pages are always there.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(std::unique_ptr<Allocation> allocation, Bytes nbytes)
      : allocation_(std::move(allocation)), nbytes_(nbytes) {}

  /// nullptr if empty.
  std::byte* data() const noexcept { return allocation_ ? allocation_->data() : nullptr; }
  Bytes nbytes() const noexcept { return nbytes_; }
  /// For `Device::open` in another process. Empty memory has an empty handle.
  /// @throws CommunicationError  the device cannot share memory.
  MemoryHandle handle() const { return allocation_ ? allocation_->handle() : MemoryHandle{}; }

  /// The size of pages that come and go; 0 if all are always there.
  Bytes page_bytes() const noexcept { return allocation_ ? allocation_->page_bytes() : 0; }
  /// Gives zeroed memory to all pages of a range that have none, also where they are only partly in it. Complete when
  /// it returns.
  /// @throws OutOfBudget  the device has not so much.
  void populate(Bytes offset_bytes, Bytes nbytes) {
    if (allocation_) allocation_->populate(offset_bytes, nbytes);
  }
  /// Gives the pages that are whole in a range back to the device. Nothing accesses them any more, until they are
  /// populated again.
  void release(Bytes offset_bytes, Bytes nbytes) noexcept {
    if (allocation_) allocation_->release(offset_bytes, nbytes);
  }

 private:
  std::unique_ptr<Allocation> allocation_;
  Bytes nbytes_ = 0;
};

/// One device of a process, or its host memory. Not thread-safe unless stated.
class Device {
 public:
  Device() = default;
  virtual ~Device() = default;
  Device(Device const&) = delete;
  Device& operator=(Device const&) = delete;

  /// True if there is no device: shards are in host memory, engines read directly to them, files can be mapped there.
  virtual bool is_host() const noexcept = 0;
  /// For messages: "the host", "GPU 3 (NVIDIA H100 80GB HBM3)".
  virtual std::string name() const = 0;

  virtual std::unique_ptr<Stream> make_stream() = 0;
  virtual std::unique_ptr<Event> make_event() = 0;
  virtual std::unique_ptr<Timestamps> make_timestamps(std::size_t count) = 0;

  /// Zeroed memory.
  /// @throws OutOfBudget  the device has not so much.
  virtual DeviceMemory allocate(Bytes nbytes) = 0;
  /// Memory whose pages come and go; none is there at first. Other processes cannot open it.
  /// @throws OutOfBudget  the device has not so many addresses.
  virtual DeviceMemory reserve(Bytes nbytes) = 0;
  /// Makes memory of another process of the node accessible to this device's kernels and copies.
  /// @throws CommunicationError  this device cannot access it.
  virtual DeviceMemory open(MemoryHandle const& handle) = 0;

  /// Pins whole pages of host memory, so that copies from and to it are asynchronous; any thread may write to it.
  /// @throws OutOfBudget  the system does not allow it.
  virtual void pin(std::span<std::byte> memory) = 0;
  virtual void unpin(std::span<std::byte> memory) noexcept = 0;

  /// Free memory of the device, less what the driver, NCCL and kernels still need; nothing on the host.
  virtual std::optional<Bytes> available_bytes() const = 0;
};

/// The device of this process: made at the first call, after Kokkos is initialised. CUDA builds: the device of Kokkos.
/// Host builds: the host, or an emulated device if the environment variable DISTLOAD_EMULATED_DEVICE is set, for tests.
/// Thread-safe.
/// @throws CommunicationError  there is no usable device.
Device& device_of_process();

/// The same, but null where a plan is made for devices on a machine that may have none: a build for devices starts
/// Kokkos only where it uses them.
Device* device_if_started();

}  // namespace distload
