// Streams without a queue.
#include "device/host_device.hpp"

#include <cstring>
#include <vector>

#include <distload/base/error.hpp>

#include "base/host_memory.hpp"
#include "base/scope_timer.hpp"
#include "base/system.hpp"

namespace distload {
namespace {

class HostEvent final : public Event {
 public:
  bool is_complete() const override { return true; }
  void wait() const override {}
};

class HostStream final : public Stream {
 public:
  void copy(std::byte* to, std::byte const* from, Bytes nbytes) override {
    if (nbytes > 0) std::memcpy(to, from, nbytes);
  }
  void run(char const*, Kernels kernels) override {
    kernels(space_);
    space_.fence("distload: the work of a host stream is done when it is enqueued");
  }
  void call(std::function<void()> function) override { function(); }
  void record(Event&) override {}
  void wait_for(Event const&) override {}
  bool is_done() const override { return true; }
  void synchronize() override {}
  void check() const override {}
  void* handle() const noexcept override { return nullptr; }

 private:
  Kokkos::DefaultExecutionSpace space_;
};

class HostTimestamps final : public Timestamps {
 public:
  explicit HostTimestamps(std::size_t count) : seconds_(count) {}

  void record(Stream& stream, std::size_t number) override {
    stream.call([this, number] { seconds_[number] = seconds_since(begin_); });
  }
  std::optional<double> seconds(std::size_t number) const override { return seconds_[number]; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::vector<std::optional<double>> seconds_;
};

/// The kernel populates pages at the first access.
class HostAllocation final : public Allocation {
 public:
  explicit HostAllocation(Bytes nbytes) : memory_(nbytes, PageSize::small) {}
  std::byte* data() const noexcept override { return memory_.data(); }
  MemoryHandle handle() const override { throw InternalError("memory of the host is not opened by other processes"); }
  Bytes page_bytes() const noexcept override { return distload::page_bytes(); }
  void release(Bytes offset, Bytes nbytes) noexcept override {
    auto const begin = round_up(offset, page_bytes());
    auto const end = round_down(offset + nbytes, page_bytes());
    if (begin < end) drop_host_pages({memory_.data() + begin, end - begin});
  }

 private:
  HostMemory memory_;
};

class HostDevice final : public Device {
 public:
  bool is_host() const noexcept override { return true; }
  std::string name() const override { return "the host"; }
  std::unique_ptr<Stream> make_stream() override { return std::make_unique<HostStream>(); }
  std::unique_ptr<Event> make_event() override { return std::make_unique<HostEvent>(); }
  std::unique_ptr<Timestamps> make_timestamps(std::size_t count) override { return make_host_timestamps(count); }
  DeviceMemory allocate(Bytes nbytes) override { return {std::make_unique<HostAllocation>(nbytes), nbytes}; }
  DeviceMemory reserve(Bytes nbytes) override { return allocate(nbytes); }
  DeviceMemory open(MemoryHandle const&) override {
    throw InternalError("memory of the host is not opened by other processes");
  }
  void pin(std::span<std::byte>) override {}
  void unpin(std::span<std::byte>) noexcept override {}
  std::optional<Bytes> available_bytes() const override { return std::nullopt; }
};

}  // namespace

std::unique_ptr<Device> make_host_device() { return std::make_unique<HostDevice>(); }

std::unique_ptr<Timestamps> make_host_timestamps(std::size_t count) { return std::make_unique<HostTimestamps>(count); }

}  // namespace distload
