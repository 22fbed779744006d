/// What control groups leave a process of memory: of jobs under Slurm, of containers.
#pragma once

#include <filesystem>
#include <optional>

#include <distload/base/bytes.hpp>

namespace distload {

/// What a process's control group and the groups above it leave of their memory limits, the least of them; page cache,
/// which is given up when memory is needed, does not count as used. Nothing without a limit. Both versions of control
/// groups are understood (Linux, admin-guide/cgroup-v1/memory and admin-guide/cgroup-v2).
/// @param groups_of_process  in which groups the process is: /proc/self/cgroup
/// @param root               where control groups are mounted: /sys/fs/cgroup
std::optional<Bytes> control_group_bytes(std::filesystem::path const& groups_of_process,
                                         std::filesystem::path const& root);

}  // namespace distload
