/// verify_written: reads a saved checkpoint back and verifies it.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `ranks`: compares every block of `written` on storage with its checksum; the ranks divide the work.
/// @throws CorruptData  storage returns other bytes than were written: names the first damaged block; on all ranks.
/// @throws IoError      it cannot be read; on all ranks.
void verify_written(Catalog const& written, Communicator& ranks);

}  // namespace distload
