/// check_same_content: one checkpoint for all ranks, whatever their hosts see under its path.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/file_views.hpp"

namespace distload {

/// Collective over `ranks` (host memory): one rank of every host (see FileViews) compares the files of `catalog` with
/// what rank 0 sees of them: sizes, headers, and a few blocks of tensors. Reads nothing if all ranks are on one host.
///
/// Where a host sees another file it looks again for a second, in case a network file system shows it an old state.
/// @throws CorruptData  a host sees other files: names it, a file, and what differs; on all ranks.
/// @throws IoError      rank 0 cannot read its own; on all ranks.
void check_same_content(Catalog const& catalog, Communicator& ranks);
void check_same_content(Catalog const& catalog, Communicator& ranks, FileViews const& views);

}  // namespace distload
