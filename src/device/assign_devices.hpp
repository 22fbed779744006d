/// assign_devices: which rank of a node uses which device. Pure.
#pragma once

#include <string>
#include <vector>

#include "device/survey.hpp"

namespace distload {

struct DeviceAssignment {
  /// By rank of the node: the number of its device in its own process.
  std::vector<int> numbers;
  /// True if several ranks use one device.
  bool is_shared = false;
  /// Why the ranks cannot start, one clause; empty if they can. `numbers` is empty otherwise.
  std::string refusal;
};

/// Gives every rank of a node a device of its own. If all see the same devices, rank r gets the r-th; if the launcher
/// has hidden devices from some, each gets one that it sees. With `may_share`, ranks that no device is left for share
/// those that have the fewest ranks.
/// @param seen  by rank of the node, not empty: the devices that it sees, in the order of their numbers; not empty
DeviceAssignment assign_devices(std::vector<std::vector<DeviceUuid>> const& seen, bool may_share);

}  // namespace distload
