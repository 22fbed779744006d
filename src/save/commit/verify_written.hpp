/// verify_written: reads back what has been saved before it can be loaded.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `ranks`: compares every block of `written` with its checksum, each rank a share, from storage.
/// @throws CorruptData  storage does not give back what was written: names the first damaged block; on all ranks.
/// @throws IoError      it cannot be read; on all ranks.
void verify_written(Catalog const& written, Communicator& ranks);

}  // namespace distload
