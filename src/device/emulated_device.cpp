// Streams as threads, memory as files without a name.
#include "device/emulated_device.hpp"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/host_memory.hpp"
#include "base/system.hpp"
#include "device/host_device.hpp"
#include "device/paged_allocation.hpp"

namespace distload {
namespace {

/// How often an event was recorded, and how many of these records are complete. Lives as long as work refers to it.
class EventState {
 public:
  std::uint64_t record() {
    std::lock_guard const lock(mutex_);
    return ++recorded_;
  }
  std::uint64_t recorded() const {
    std::lock_guard const lock(mutex_);
    return recorded_;
  }
  void complete(std::uint64_t record) {
    {
      std::lock_guard const lock(mutex_);
      completed_ = std::max(completed_, record);
    }
    changed_.notify_all();
  }
  bool is_complete(std::uint64_t record) const {
    std::lock_guard const lock(mutex_);
    return completed_ >= record;
  }
  void wait(std::uint64_t record) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return completed_ >= record; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t recorded_ = 0;
  std::uint64_t completed_ = 0;
};

class EmulatedEvent final : public Event {
 public:
  bool is_complete() const override { return state->is_complete(state->recorded()); }
  void wait() const override { state->wait(state->recorded()); }

  std::shared_ptr<EventState> const state = std::make_shared<EventState>();
};

class EmulatedStream final : public Stream {
 public:
  explicit EmulatedStream(std::function<void(std::string_view)> before)
      : before_(std::move(before)), thread_([this] { work(); }) {}

  ~EmulatedStream() override {
    {
      std::lock_guard const lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  EmulatedStream(EmulatedStream const&) = delete;
  EmulatedStream& operator=(EmulatedStream const&) = delete;

  void copy(std::byte* to, std::byte const* from, Bytes nbytes) override {
    push([this, to, from, nbytes] {
      before_("copy");
      if (nbytes > 0) std::memcpy(to, from, nbytes);
    });
  }
  void run(char const* label, Kernels kernels) override {
    push([this, label, kernels = std::move(kernels)] {
      before_(label);
      Kokkos::DefaultExecutionSpace const space;
      kernels(space);
      space.fence("distload: the next work of an emulated stream begins after the kernel");
    });
  }
  void call(std::function<void()> function) override { push(std::move(function)); }

  void record(Event& event) override {
    auto const state = dynamic_cast<EmulatedEvent&>(event).state;
    // Also after a failure, so that nobody waits for ever.
    push([state, number = state->record()] { state->complete(number); }, /*always=*/true);
  }
  void wait_for(Event const& event) override {
    auto const state = dynamic_cast<EmulatedEvent const&>(event).state;
    push([state, number = state->recorded()] { state->wait(number); }, /*always=*/true);
  }

  bool is_done() const override {
    check();
    std::lock_guard const lock(mutex_);
    return queue_.empty() && !is_working_;
  }
  void synchronize() override {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return queue_.empty() && !is_working_; });
    }
    check();
  }
  void check() const override {
    std::lock_guard const lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
  }
  void* handle() const noexcept override { return const_cast<EmulatedStream*>(this); }

 private:
  struct Work {
    std::function<void()> function;
    bool always = false;
  };

  void push(std::function<void()> function, bool always = false) {
    {
      std::lock_guard const lock(mutex_);
      queue_.push_back({std::move(function), always});
    }
    changed_.notify_all();
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return ends_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto work = std::move(queue_.front());
      queue_.pop_front();
      is_working_ = true;
      bool const is_skipped = failure_ != nullptr && !work.always;
      lock.unlock();
      std::exception_ptr failure;
      try {
        if (!is_skipped) work.function();
      } catch (...) {
        failure = std::current_exception();
      }
      work = {};
      lock.lock();
      if (failure && !failure_) failure_ = failure;
      is_working_ = false;
      changed_.notify_all();
    }
  }

  std::function<void(std::string_view)> before_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;  // guarded by mutex_, like the next three
  bool is_working_ = false;
  bool ends_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

/// What a handle contains: a descriptor of another process.
struct SharedFile {
  pid_t process = 0;
  int descriptor = -1;
};

[[noreturn]] void refuse(Bytes nbytes, char const* call) {
  throw OutOfBudget("the emulated device has no " + format_bytes(nbytes) + " of memory (" + call + ": " +
                    system_reason() + ")");
}

class SharedAllocation final : public Allocation {
 public:
  /// New memory.
  explicit SharedAllocation(Bytes nbytes) : descriptor_(::memfd_create("distload", MFD_CLOEXEC)), nbytes_(nbytes) {
    if (descriptor_ < 0) refuse(nbytes, "memfd_create");
    if (::ftruncate(descriptor_, static_cast<off_t>(nbytes)) != 0) {
      close(descriptor_);
      refuse(nbytes, "ftruncate");
    }
    map();
  }

  /// Memory of another process.
  explicit SharedAllocation(MemoryHandle const& handle) : nbytes_(round_up(handle.nbytes, kHugePageBytes)) {
    SharedFile file;
    std::memcpy(&file, handle.opaque.data(), sizeof file);
    auto const path = "/proc/" + std::to_string(file.process) + "/fd/" + std::to_string(file.descriptor);
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor_ < 0)
      throw CommunicationError("cannot open memory of another rank (" + path + "): " + system_reason());
    map();
  }

  ~SharedAllocation() override {
    munmap(data_, nbytes_);
    close(descriptor_);
  }
  SharedAllocation(SharedAllocation const&) = delete;
  SharedAllocation& operator=(SharedAllocation const&) = delete;

  std::byte* data() const noexcept override { return static_cast<std::byte*>(data_); }

  MemoryHandle handle() const override {
    MemoryHandle handle{.nbytes = nbytes_};
    SharedFile const file{getpid(), descriptor_};
    std::memcpy(handle.opaque.data(), &file, sizeof file);
    return handle;
  }

  /// Allows or forbids access to whole pages. Forbidden ones lose their memory and are zero afterwards.
  void allow(Bytes offset, Bytes nbytes) const {
    if (mprotect(data() + offset, nbytes, PROT_READ | PROT_WRITE) != 0) refuse(nbytes, "mprotect");
  }
  void forbid(Bytes offset, Bytes nbytes) const noexcept {
    mprotect(data() + offset, nbytes, PROT_NONE);
    fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
              static_cast<off_t>(nbytes));
  }

 private:
  void map() {
    data_ = ::mmap(nullptr, nbytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor_, 0);
    if (data_ != MAP_FAILED) return;
    close(descriptor_);
    refuse(nbytes_, "mmap");
  }

  int descriptor_ = -1;
  Bytes nbytes_;
  void* data_ = nullptr;
};

/// Pages that are not there cannot be accessed, as on a GPU.
class EmulatedPages final : public PagedAllocation {
 public:
  explicit EmulatedPages(std::size_t pages) : PagedAllocation(kHugePageBytes, pages), memory_(pages * kHugePageBytes) {
    memory_.forbid(0, pages * kHugePageBytes);
  }

  std::byte* data() const noexcept override { return memory_.data(); }

 private:
  void add(std::size_t first, std::size_t count) override { memory_.allow(first * page_bytes(), count * page_bytes()); }
  void drop(std::size_t page) noexcept override { memory_.forbid(page * page_bytes(), page_bytes()); }

  SharedAllocation memory_;
};

class EmulatedDevice final : public Device {
 public:
  explicit EmulatedDevice(EmulatedOptions options) : options_(std::move(options)) {}

  bool is_host() const noexcept override { return false; }
  std::string name() const override { return "the emulated device"; }
  std::unique_ptr<Stream> make_stream() override { return std::make_unique<EmulatedStream>(options_.before); }
  std::unique_ptr<Event> make_event() override { return std::make_unique<EmulatedEvent>(); }
  std::unique_ptr<Timestamps> make_timestamps(std::size_t count) override { return make_host_timestamps(count); }

  DeviceMemory allocate(Bytes nbytes) override {
    if (nbytes == 0) return {};
    return {std::make_unique<SharedAllocation>(round_up(nbytes, kHugePageBytes)), nbytes};
  }
  DeviceMemory reserve(Bytes nbytes) override {
    if (nbytes == 0) return {};
    return {std::make_unique<EmulatedPages>(round_up(nbytes, kHugePageBytes) / kHugePageBytes), nbytes};
  }
  DeviceMemory open(MemoryHandle const& handle) override {
    if (handle.nbytes == 0) return {};
    return {std::make_unique<SharedAllocation>(handle), handle.nbytes};
  }
  void pin(std::span<std::byte>) override {}
  void unpin(std::span<std::byte>) noexcept override {}
  std::optional<Bytes> available_bytes() const override { return options_.available_bytes; }

 private:
  EmulatedOptions options_;
};

}  // namespace

std::unique_ptr<Device> make_emulated_device(EmulatedOptions options) {
  return std::make_unique<EmulatedDevice>(std::move(options));
}

void enqueue_on_emulated_stream(void* stream, void (*function)(void*), void* argument) {
  static_cast<EmulatedStream*>(stream)->call([function, argument] { function(argument); });
}

}  // namespace distload
