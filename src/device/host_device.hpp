/// The host as a device: its streams work at once, on the calling thread.
#pragma once

#include <memory>

#include "device/device.hpp"

namespace distload {

std::unique_ptr<Device> make_host_device();

/// Timestamps of streams that call host functions in their order.
std::unique_ptr<Timestamps> make_host_timestamps(std::size_t count);

}  // namespace distload
