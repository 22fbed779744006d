/// Compares files with published sums.
#pragma once

#include <cstdint>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "verify/outcome.hpp"

namespace distload {

/// Collective: compares the files in the directory `path` with the sums in the file `manifest`, whose names are
/// relative to the directory; if `path` is a file, compares only that file. The files are distributed over ranks and
/// their threads. A file that differs, is missing or lies outside the directory is damage; model files that are not
/// listed cause warnings.
Outcome check_manifest(Communicator& world, std::string const& path, std::string const& manifest,
                       std::uint32_t threads);

}  // namespace distload
