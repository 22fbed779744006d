/// show_devices: what distload-inspect --devices prints.
#pragma once

namespace distload {

/// Prints the versions of CUDA, the driver and NCCL, and the devices of this host with their memory and connections.
/// @throws CommunicationError  there is no device that this build can use.
void show_devices();

}  // namespace distload
