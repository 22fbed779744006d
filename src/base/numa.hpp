/// NUMA nodes of a machine, and which of them a rank should use (`topology.bind`). All but `bind_this_thread` only read
/// files; tests give them made-up trees.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/choices.hpp>

namespace distload {

/// Numbers of processors, ascending.
using Processors = std::vector<std::uint32_t>;

/// "0-3,8" of sysfs. Nothing if the text is no such list.
std::optional<Processors> parse_processors(std::string const& text);

/// A node that has processors.
struct NumaNode {
  std::uint32_t number = 0;
  Processors processors;
};

/// What a binding depends on.
struct NumaFacts {
  std::vector<NumaNode> nodes;               ///< by number; empty if the system does not tell
  Processors allowed;                        ///< to this machine's processes: by their control group, else all online
  Processors current;                        ///< of this process: sched_getaffinity
  std::optional<std::uint32_t> device_node;  ///< the node of this rank's device; nothing: no device, or not known
  bool has_device = false;                   ///< true if the rank has a device
  std::uint32_t node_rank = 0;               ///< this rank among those of the machine
  std::uint32_t node_size = 1;               ///< ranks of the machine
};

/// Where a rank is to run.
struct NumaTarget {
  Processors processors;                     ///< not empty
  std::optional<std::uint32_t> memory_node;  ///< is preferred for memory; nothing if the processors are of several
};

/// The target, or why the process stays as it is.
struct NumaDecision {
  std::optional<NumaTarget> target;
  std::string reason;  ///< "NUMA node 1 of the device", "the launcher has bound the process", ...
};

/// The node of the rank's device or, without a device, the rank's share of all nodes: several if there are more nodes
/// than ranks. Pure.
NumaDecision decide_binding(NumaBinding kind, NumaFacts const& facts);

/// The nodes, of /sys/devices/system/node.
/// @param root  "/", or a folder that stands for it
std::vector<NumaNode> numa_nodes(std::filesystem::path const& root = "/");

/// The processors of the control group of this process, else all that are online.
std::optional<Processors> allowed_processors(std::filesystem::path const& root = "/");

/// The NUMA node of a PCI device, by numa_node or else by local_cpulist in /sys/bus/pci/devices.
/// @param bus_id  "0000:65:00.0", in upper or lower case
/// @returns nothing if there is no such device, or the system does not know its node.
std::optional<std::uint32_t> numa_node_of_device(std::string bus_id, std::vector<NumaNode> const& nodes,
                                                 std::filesystem::path const& root = "/");

/// The processors of the calling thread.
Processors current_processors();

/// Binds the calling thread, and the threads that it starts, to the target's processors; they prefer memory of its
/// node.
/// @returns what the system has refused; empty if nothing
std::string bind_this_thread(NumaTarget const& target);

}  // namespace distload
