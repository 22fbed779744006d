/// Seals one checkpoint.
#pragma once

#include <distload/parallel/communicator.hpp>

#include "checkpoint/open/step_directory.hpp"
#include "verify/outcome.hpp"
#include "verify/verify_checkpoints.hpp"

namespace distload {

/// Collective: hashes all files of the checkpoint that contain no checksums, on all ranks and their threads, and writes
/// the seal. `outcome` describes what was sealed.
/// @throws NoValidCheckpoint, CorruptData, IoError  as reading the checkpoint; a file changed meanwhile, or its content
/// changed since the last seal while its properties did not; the seal cannot be written. On all ranks.
void seal_checkpoint(Communicator& world, StepFile const& file, VerifyOptions const& options, Outcome& outcome);

}  // namespace distload
