// Streams, events and memory of a GPU.
#include "device/cuda/cuda_device.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <cuda_runtime.h>

#include <distload/base/error.hpp>

#include "base/host_memory.hpp"
#include "device/cuda/cuda_check.hpp"
#include "device/cuda/cuda_pages.hpp"
#include "device/cuda/cuda_stream_handle.hpp"

namespace distload {
namespace {

/// Makes a GPU the calling thread's current device: CUDA's current device is a property of each thread, and reading
/// threads wait for events.
void use(int device) { DISTLOAD_CUDA(cudaSetDevice(device)); }

class CudaEvent final : public Event {
 public:
  /// @param flags  of cudaEventCreateWithFlags
  CudaEvent(int device, unsigned flags) : device_(device) { DISTLOAD_CUDA(cudaEventCreateWithFlags(&event_, flags)); }
  ~CudaEvent() override { cudaEventDestroy(event_); }
  CudaEvent(CudaEvent const&) = delete;
  CudaEvent& operator=(CudaEvent const&) = delete;

  bool is_complete() const override {
    use(device_);
    auto const status = cudaEventQuery(event_);
    if (status == cudaErrorNotReady) return false;
    detail::check_cuda(status, "cudaEventQuery", {__FILE__, __LINE__});
    return true;
  }
  void wait() const override {
    use(device_);
    DISTLOAD_CUDA(cudaEventSynchronize(event_));
  }
  cudaEvent_t get() const noexcept { return event_; }

 private:
  int device_;
  cudaEvent_t event_ = nullptr;
};

class CudaStream final : public Stream {
 public:
  void copy(std::byte* to, std::byte const* from, Bytes nbytes) override {
    DISTLOAD_CUDA(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDefault, stream_.get()));
  }
  void run(char const*, Kernels kernels) override { kernels(space_); }
  void call(std::function<void()> function) override {
    auto owned = std::make_unique<std::function<void()>>(std::move(function));
    DISTLOAD_CUDA(cudaLaunchHostFunc(stream_.get(), &call_and_delete, owned.get()));
    static_cast<void>(owned.release());  // `call_and_delete` owns it
  }
  void record(Event& event) override {
    DISTLOAD_CUDA(cudaEventRecord(dynamic_cast<CudaEvent&>(event).get(), stream_.get()));
  }
  void wait_for(Event const& event) override {
    DISTLOAD_CUDA(cudaStreamWaitEvent(stream_.get(), dynamic_cast<CudaEvent const&>(event).get(), 0));
  }
  bool is_done() const override {
    auto const status = cudaStreamQuery(stream_.get());
    if (status == cudaErrorNotReady) return false;
    detail::check_cuda(status, "cudaStreamQuery", {__FILE__, __LINE__});
    return true;
  }
  void synchronize() override { DISTLOAD_CUDA(cudaStreamSynchronize(stream_.get())); }
  void check() const override { static_cast<void>(is_done()); }
  void* handle() const noexcept override { return stream_.get(); }

 private:
  static void call_and_delete(void* function) {
    std::unique_ptr<std::function<void()>> const owned(static_cast<std::function<void()>*>(function));
    (*owned)();
  }

  CudaStreamHandle stream_;
#if defined(KOKKOS_ENABLE_CUDA)
  Kokkos::Cuda space_{stream_.get()};
#else
  Kokkos::DefaultExecutionSpace space_;  // tests run this file over a double of CUDA in host memory
#endif
};

class CudaTimestamps final : public Timestamps {
 public:
  CudaTimestamps(int device, std::size_t count) : is_recorded_(count), begin_(device, cudaEventDefault) {
    events_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      events_.push_back(std::make_unique<CudaEvent>(device, cudaEventDefault));
    }
    CudaStreamHandle const stream;
    DISTLOAD_CUDA(cudaEventRecord(begin_.get(), stream.get()));
    DISTLOAD_CUDA(cudaStreamSynchronize(stream.get()));
  }

  void record(Stream& stream, std::size_t number) override {
    stream.record(*events_[number]);
    is_recorded_[number] = true;
  }
  std::optional<double> seconds(std::size_t number) const override {
    if (!is_recorded_[number]) return std::nullopt;
    float milliseconds = 0;
    DISTLOAD_CUDA(cudaEventElapsedTime(&milliseconds, begin_.get(), events_[number]->get()));
    return static_cast<double>(milliseconds) * 1e-3;
  }

 private:
  std::vector<bool> is_recorded_;
  CudaEvent begin_;
  std::vector<std::unique_ptr<CudaEvent>> events_;
};

class OwnAllocation final : public Allocation {
 public:
  explicit OwnAllocation(Bytes nbytes) : nbytes_(nbytes) {
    void* data = nullptr;
    auto const status = cudaMalloc(&data, nbytes);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());  // not a failure of later calls
      throw OutOfBudget("cudaMalloc refuses " + format_bytes(nbytes));
    }
    detail::check_cuda(status, "cudaMalloc", {__FILE__, __LINE__});
    data_ = static_cast<std::byte*>(data);
  }
  ~OwnAllocation() override { cudaFree(data_); }
  OwnAllocation(OwnAllocation const&) = delete;
  OwnAllocation& operator=(OwnAllocation const&) = delete;

  std::byte* data() const noexcept override { return data_; }
  MemoryHandle handle() const override {
    cudaIpcMemHandle_t ipc{};
    auto const status = cudaIpcGetMemHandle(&ipc, data_);
    if (status != cudaSuccess) {
      static_cast<void>(cudaGetLastError());
      throw CommunicationError(std::string("memory of the GPU cannot be shared with other processes: ") +
                               cudaGetErrorString(status));
    }
    MemoryHandle handle{.nbytes = nbytes_};
    static_assert(sizeof ipc <= sizeof handle.opaque);
    std::memcpy(handle.opaque.data(), &ipc, sizeof ipc);
    return handle;
  }

 private:
  Bytes nbytes_;
  std::byte* data_ = nullptr;
};

/// Memory of another process.
class PeerAllocation final : public Allocation {
 public:
  explicit PeerAllocation(MemoryHandle const& handle) {
    cudaIpcMemHandle_t ipc{};
    std::memcpy(&ipc, handle.opaque.data(), sizeof ipc);
    void* data = nullptr;
    auto const status = cudaIpcOpenMemHandle(&data, ipc, cudaIpcMemLazyEnablePeerAccess);
    if (status != cudaSuccess) {
      static_cast<void>(cudaGetLastError());
      throw CommunicationError(std::string("the GPU cannot access memory of another rank's: ") +
                               cudaGetErrorString(status));
    }
    data_ = static_cast<std::byte*>(data);
  }
  ~PeerAllocation() override { cudaIpcCloseMemHandle(data_); }
  PeerAllocation(PeerAllocation const&) = delete;
  PeerAllocation& operator=(PeerAllocation const&) = delete;

  std::byte* data() const noexcept override { return data_; }
  MemoryHandle handle() const override { throw InternalError("only the owner of memory shares it"); }

 private:
  std::byte* data_ = nullptr;
};

/// What the driver, NCCL (buffers of its channels) and kernels still take of the free memory.
constexpr Bytes kReserve = 2 * kGiB;

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int number) : number_(number) {
    use(number);
    cudaDeviceProp properties{};
    DISTLOAD_CUDA(cudaGetDeviceProperties(&properties, number));
    name_ = "GPU " + std::to_string(number) + " (" + properties.name + ")";
  }

  bool is_host() const noexcept override { return false; }
  std::string name() const override { return name_; }

  std::unique_ptr<Stream> make_stream() override {
    use(number_);
    return std::make_unique<CudaStream>();
  }
  std::unique_ptr<Event> make_event() override {
    use(number_);
    return std::make_unique<CudaEvent>(number_, cudaEventDisableTiming | cudaEventBlockingSync);
  }
  std::unique_ptr<Timestamps> make_timestamps(std::size_t count) override {
    use(number_);
    return std::make_unique<CudaTimestamps>(number_, count);
  }

  DeviceMemory allocate(Bytes nbytes) override {
    if (nbytes == 0) return {};
    use(number_);
    DeviceMemory memory;
    try {
      memory = {std::make_unique<OwnAllocation>(round_up(nbytes, kHugePageBytes)), nbytes};
    } catch (OutOfBudget const& error) {
      throw OutOfBudget(name_ + " has no " + format_bytes(nbytes) + " free: " + error.what());
    }
    zero_memory(memory.data(), nbytes);
    return memory;
  }
  DeviceMemory reserve(Bytes nbytes) override {
    if (nbytes == 0) return {};
    return {reserve_cuda_pages(number_, nbytes), nbytes};
  }
  DeviceMemory open(MemoryHandle const& handle) override {
    if (handle.nbytes == 0) return {};
    use(number_);
    return {std::make_unique<PeerAllocation>(handle), handle.nbytes};
  }

  void pin(std::span<std::byte> memory) override {
    use(number_);
    auto const status = cudaHostRegister(memory.data(), memory.size(), cudaHostRegisterPortable);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      throw OutOfBudget("the system does not let " + format_bytes(memory.size()) +
                        " of host memory be pinned for staging; set load.staging to less, or raise the limit of "
                        "locked memory (ulimit -l)");
    }
    detail::check_cuda(status, "cudaHostRegister", {__FILE__, __LINE__});
  }
  void unpin(std::span<std::byte> memory) noexcept override { cudaHostUnregister(memory.data()); }

  std::optional<Bytes> available_bytes() const override {
    use(number_);
    std::size_t free = 0;
    std::size_t total = 0;
    DISTLOAD_CUDA(cudaMemGetInfo(&free, &total));
    return free - std::min<Bytes>(free, kReserve);
  }

 private:
  int number_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Device> make_cuda_device(int number) { return std::make_unique<CudaDevice>(number); }

}  // namespace distload
