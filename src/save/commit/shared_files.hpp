/// check_shared: are the files that rank 0 has created those that all other ranks will write to.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/file_views.hpp"

namespace distload {

/// Collective over `ranks`, before anything is written: rank 0 puts a random number where the greatest extent of
/// `created` is to lie, and one rank of every other host (see FileViews) reads it there. The data takes its place
/// later. Nothing happens if all ranks are on one host.
///
/// A host that does not find it looks again for a second, in case a network file system shows it an old state.
/// @throws IoError  a host does not see the files under their paths, or sees others: names it and a file; on all ranks.
void check_shared(Catalog const& created, Communicator& ranks);
void check_shared(Catalog const& created, Communicator& ranks, FileViews const& views);

}  // namespace distload
