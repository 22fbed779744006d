/// A directory of checkpoints, one file per step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace distload {

struct StepFile {
  std::uint64_t step = 0;
  std::string path;
};

/// The files model-step-N.h5 in `directory`, the newest first.
std::vector<StepFile> list_steps(std::string const& directory);

}  // namespace distload
