/// Comparing files with published sums.
#pragma once

#include <cstdint>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "verify/outcome.hpp"

namespace distload {

/// Collective: compares the files at `path`, a directory, with the sums in the file `manifest`, whose names count from
/// there; of a path that is a file, only that file's. Files are dealt out over ranks and their threads. What differs,
/// is not there or would lead out of the directory is damage; model files that are not listed are warned of.
Outcome check_manifest(Communicator& world, std::string const& path, std::string const& manifest,
                       std::uint32_t threads);

}  // namespace distload
