/// Lists the checkpoints at a path and reads one of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <distload/checkpoint/checkpoint.hpp>

#include "checkpoint/open/step_directory.hpp"

namespace distload {

/// The checkpoint at `path` itself, with step 0; nothing if `path` is a directory of steps. In a model's folder of a
/// Hugging Face Hub cache it is the snapshot of `refs/main`.
/// @throws NoValidCheckpoint  there is no file or directory, or a file of another format; says what it is.
std::optional<StepFile> single_checkpoint(std::string const& path);

/// The steps in a directory, as `list_steps` orders them; at least one.
/// @throws NoValidCheckpoint  there is none.
/// @throws IoError            the directory cannot be listed.
std::vector<StepFile> steps_to_choose_from(std::string const& path);

/// Why the checkpoint at `path` is not a whole model, and what to give instead: a file of an adapter, or one of several
/// files of a model. Nothing if it can be one.
std::optional<std::string> why_not_a_model(std::string const& path);

/// The validated catalog of one checkpoint, with the checksums of a seal beside it.
/// @throws NoValidCheckpoint, CorruptData, IoError  as open_checkpoint.
Catalog read_step(StepFile const& file, SealUse seals, CutShort cut_short = CutShort::refuse);

}  // namespace distload
