/// check_shared: checks that all ranks see the files that rank 0 has created.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/file_views.hpp"

namespace distload {

/// Collective over `ranks`, before data is written: rank 0 writes a random number into the space of the largest extent
/// of `created`, and one rank of every other host (see FileViews) reads it. The data overwrites it later. Does nothing
/// if all ranks are on one host.
///
/// A host that does not find the number retries for a second, in case a network file system returns stale data.
/// @throws IoError  a host does not see the files at their paths, or sees other files: names host and file; on all
///                  ranks.
void check_shared(Catalog const& created, Communicator& ranks);
void check_shared(Catalog const& created, Communicator& ranks, FileViews const& views);

}  // namespace distload
