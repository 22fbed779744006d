/// The memory limit that control groups (Slurm jobs, containers) set for a process.
#pragma once

#include <filesystem>
#include <optional>

#include <distload/base/bytes.hpp>

namespace distload {

/// The smallest remaining memory of the process's control group and its ancestors: limit minus use. Reclaimable page
/// cache does not count as used. Nothing if there is no limit. Supports both versions of control groups (Linux,
/// admin-guide/cgroup-v1/memory and admin-guide/cgroup-v2).
/// @param groups_of_process  the process's groups: /proc/self/cgroup
/// @param root               mount point of control groups: /sys/fs/cgroup
std::optional<Bytes> control_group_bytes(std::filesystem::path const& groups_of_process,
                                         std::filesystem::path const& root);

}  // namespace distload
