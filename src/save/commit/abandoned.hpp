/// What crashed savers have left behind.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/file_identity.hpp>

namespace distload {

/// Local, for one rank: removes from `directory` what has the temporary name of a checkpoint, or is one that was just
/// being replaced by another which is there, unless a process is writing it. Where the file system does not tell, those
/// of steps up to `step` go, which no other process is writing. What cannot be removed, or holds what distload did not
/// write, stays, with a warning. So does what is being loaded: the sorted `loaded`.
void remove_abandoned(std::string const& directory, std::uint64_t step, std::span<FileIdentity const> loaded);

/// Local: the storage that `remove_abandoned` would give back. Nothing is changed.
Bytes abandoned_bytes(std::string const& directory, std::uint64_t step, std::span<FileIdentity const> loaded);

}  // namespace distload
