/// Removes temporary files of crashed saves.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/file_identity.hpp>

namespace distload {

/// Local, for one rank: removes from `directory` temporary checkpoints, and replaced checkpoints whose replacement
/// exists, unless a process is writing them. Where the file system cannot tell that, removes those of steps up to
/// `step`, which no other process is writing. Keeps, with a warning, what cannot be removed or contains files of
/// others. Keeps what is being loaded, listed in the sorted `loaded`.
void remove_abandoned(std::string const& directory, std::uint64_t step, std::span<FileIdentity const> loaded);

/// Local: the bytes that `remove_abandoned` would free. Changes nothing.
Bytes abandoned_bytes(std::string const& directory, std::uint64_t step, std::span<FileIdentity const> loaded);

}  // namespace distload
