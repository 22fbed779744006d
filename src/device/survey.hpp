/// survey_devices: which devices this process sees and whether this build can use them, in words. Nothing here ends the
/// process, which Kokkos does without a usable device.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>

#include "base/numa.hpp"

namespace distload {

/// The number that a device has in every process of its host (NVIDIA's UUID; a part of a divided device has its own).
using DeviceUuid = std::array<std::uint8_t, 16>;

/// "GPU-7f3a...", as nvidia-smi prints it.
std::string to_string(DeviceUuid const& uuid);

struct DeviceFacts {
  int number = 0;  ///< in this process; CUDA_VISIBLE_DEVICES changes it
  DeviceUuid uuid{};
  std::string name;        ///< "NVIDIA H100 80GB HBM3"
  int capability = 0;      ///< compute capability: 90 for 9.0
  std::string pci_bus_id;  ///< "0000:18:00.0"
  Bytes total_bytes = 0;
  std::optional<std::uint32_t> numa_node;  ///< the number of that of the host which is nearest
};

struct DeviceSurvey {
  std::string why_none;  ///< one clause that says why there is no device; empty if there is one
  int driver = 0;        ///< newest CUDA that the driver supports: 13000 for 13.0; 0: there is no driver
  int runtime = 0;       ///< CUDA that this program was built with; 0: built without
  std::vector<DeviceFacts> devices;
};

/// True if this build keeps shards on devices.
bool is_built_for_devices() noexcept;

/// Local: asks the driver. Creates no context, so that it takes no memory of a device.
DeviceSurvey survey_devices();

/// The number of the host's memory that is nearest to a device. Nothing if there is no such device, or the system does
/// not know. Asks about this device only, while survey_devices asks about all.
std::optional<std::uint32_t> numa_node_of_device(int number, std::vector<NumaNode> const& nodes);

/// Local: one clause that says why this build cannot compute on device `number`, such as that it has no kernels for its
/// architecture; nothing if it can. Creates the device's context and makes the device current.
std::optional<std::string> why_device_unusable(int number);

/// Bytes of the current device that are free; creates its context. Nothing if CUDA does not say.
std::optional<Bytes> free_device_bytes(int number);

/// True if device `number` can read and write the memory of device `peer` directly.
bool has_peer_access(int number, int peer);

/// "13.0" for 13000.
std::string cuda_version_text(int cuda_version);

}  // namespace distload
