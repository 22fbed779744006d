/// Removes old checkpoints of a directory after a new one was committed.
#pragma once

#include <cstdint>
#include <string>

namespace distload {

/// Keeps the checkpoints, in any format, of the `keep` newest steps of `directory` up to and including `step`, which
/// has just been committed, and removes older ones; 0 keeps all. Ignores invalid checkpoints; removes nothing if that
/// of `step` is invalid. Not collective. Keeps, with a warning, what cannot be removed or contains files of others.
void remove_old_checkpoints(std::string const& directory, std::uint64_t step, std::uint64_t keep);

}  // namespace distload
