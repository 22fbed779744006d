/// A directory of checkpoints, a file or a directory per step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

struct StepFile {
  std::uint64_t step = 0;
  SourceFormat format = SourceFormat::hdf5;
  std::string path;
};

/// The files model-step-N.h5 and the directories model-step-N (safetensors) in `directory`: the newest step first, and
/// of one step the file first. Includes a directory model-step-N.replaced, left by a crash, if model-step-N does not
/// exist.
/// @throws IoError  the directory cannot be listed.
std::vector<StepFile> list_steps(std::string const& directory);

}  // namespace distload
