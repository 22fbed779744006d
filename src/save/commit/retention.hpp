/// Which checkpoints of a directory go when a new one has come.
#pragma once

#include <cstdint>
#include <string>

namespace distload {

/// Keeps the checkpoints, in whatever format, of the `keep` newest steps of `directory` up to and including `step`,
/// which has just been committed, and removes the older ones; 0 keeps all. Files that are no valid checkpoints are
/// neither counted nor removed, and if that of `step` is none, nothing is. Not collective. What cannot be removed, or
/// holds what distload did not write, stays, with a warning.
void remove_old_checkpoints(std::string const& directory, std::uint64_t step, std::uint64_t keep);

}  // namespace distload
