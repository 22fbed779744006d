// Asks the CUDA runtime, which finds the driver at run time and reports that there is none instead of failing.
#include "device/survey.hpp"

#include <cuda_runtime.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/numa.hpp"
#include "device/cuda/probe_kernel.hpp"

namespace distload {
namespace {

/// The runtime keeps the last error until it is asked for it; a kernel launch of Kokkos would report it as its own.
std::string reason_of(cudaError_t status) {
  cudaGetLastError();
  return std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")";
}

std::string why_no_devices(cudaError_t status, DeviceSurvey const& survey) {
  switch (status) {
    case cudaErrorInsufficientDriver:
      if (survey.driver == 0) return "there is no NVIDIA driver (libcuda.so.1)";
      return "the NVIDIA driver supports CUDA " + cuda_version_text(survey.driver) + ", and this distload needs CUDA " +
             cuda_version_text(survey.runtime) + ": install a newer driver";
    case cudaErrorStubLibrary: return "the libcuda.so.1 that is found is the toolkit's stub, not a driver";
    case cudaSuccess:
    case cudaErrorNoDevice: {
      auto const* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
      return "there is no CUDA device" +
             (visible == nullptr ? std::string() : " (CUDA_VISIBLE_DEVICES is '" + std::string(visible) + "')");
    }
    default: return "CUDA does not start: " + reason_of(status);
  }
}

int attribute(cudaDeviceAttr which, int number) {
  int value = 0;
  return cudaDeviceGetAttribute(&value, which, number) == cudaSuccess ? value : 0;
}

/// Without the NUMA node.
/// "0000:65:00.0"; empty if CUDA does not tell.
std::string bus_id_of(int number) {
  std::array<char, 32> text{};
  auto const status = cudaDeviceGetPCIBusId(text.data(), static_cast<int>(text.size()), number);
  cudaGetLastError();
  return status == cudaSuccess ? std::string(text.data()) : std::string();
}

DeviceFacts facts_of(int number) {
  DeviceFacts facts;
  facts.number = number;
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, number) == cudaSuccess) {
    facts.name = properties.name;
    facts.total_bytes = properties.totalGlobalMem;
    static_assert(sizeof properties.uuid.bytes == sizeof(DeviceUuid));
    std::memcpy(facts.uuid.data(), properties.uuid.bytes, facts.uuid.size());
  }
  facts.capability =
      10 * attribute(cudaDevAttrComputeCapabilityMajor, number) + attribute(cudaDevAttrComputeCapabilityMinor, number);
  facts.pci_bus_id = bus_id_of(number);
  cudaGetLastError();
  return facts;
}

}  // namespace

bool is_built_for_devices() noexcept { return true; }

DeviceSurvey survey_devices() {
  DeviceSurvey survey;
  survey.runtime = CUDART_VERSION;
  if (cudaDriverGetVersion(&survey.driver) != cudaSuccess) survey.driver = 0;
  int count = 0;
  auto const status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    survey.why_none = why_no_devices(status, survey);
    cudaGetLastError();
    return survey;
  }
  auto const nodes = numa_nodes();
  for (int number = 0; number < count; ++number) {
    auto& facts = survey.devices.emplace_back(facts_of(number));
    facts.numa_node = numa_node_of_device(facts.pci_bus_id, nodes);
  }
  return survey;
}

std::optional<std::uint32_t> numa_node_of_device(int number, std::vector<NumaNode> const& nodes) {
  auto const bus_id = bus_id_of(number);
  return bus_id.empty() ? std::nullopt : numa_node_of_device(bus_id, nodes);
}

std::optional<std::string> why_device_unusable(int number) {
  auto const facts = facts_of(number);
  auto const name = facts.name + " (compute capability " + std::to_string(facts.capability / 10) + "." +
                    std::to_string(facts.capability % 10) + ")";
  if (auto const status = cudaSetDevice(number); status != cudaSuccess)
    return "device " + std::to_string(number) + " cannot be used: " + reason_of(status);
  // The first call that needs the context reports what is wrong with it: another process has it alone, no memory is
  // left, an earlier kernel of this process has failed.
  if (auto const status = cudaFree(nullptr); status != cudaSuccess)
    return "device " + std::to_string(number) + ", " + name + ", cannot be used: " + reason_of(status);
  auto const status = probe_kernel();
  if (status == cudaSuccess) return std::nullopt;
  if (status == cudaErrorNoKernelImageForDevice || status == cudaErrorInvalidDeviceFunction ||
      status == cudaErrorUnsupportedPtxVersion || status == cudaErrorInvalidPtx) {
    return "device " + std::to_string(number) + ", " + name +
           ", has an architecture that this distload has no kernels for (" + kernel_architectures() +
           "): " + reason_of(status);
  }
  return "device " + std::to_string(number) + ", " + name + ", does not run a kernel: " + reason_of(status);
}

std::optional<Bytes> free_device_bytes(int number) {
  std::size_t free = 0;
  std::size_t total = 0;
  if (cudaSetDevice(number) == cudaSuccess && cudaMemGetInfo(&free, &total) == cudaSuccess) return free;
  cudaGetLastError();
  return std::nullopt;
}

bool has_peer_access(int number, int peer) {
  int can = 0;
  if (cudaDeviceCanAccessPeer(&can, number, peer) == cudaSuccess) return can != 0;
  cudaGetLastError();
  return false;
}

}  // namespace distload
