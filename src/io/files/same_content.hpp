/// check_same_content: checks that all hosts see the same checkpoint at its path.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/file_views.hpp"

namespace distload {

/// Collective over `ranks` (host memory): one rank of every host (see FileViews) compares the files of `catalog` with
/// those that rank 0 sees: sizes, headers, and a few blocks of tensors. Reads nothing if all ranks are on one host.
///
/// A host that sees a difference retries for a second, in case a network file system returns stale data.
/// @throws CorruptData  a host sees other files: names the host, a file and the difference; on all ranks.
/// @throws IoError      rank 0 cannot read its files; on all ranks.
void check_same_content(Catalog const& catalog, Communicator& ranks);
void check_same_content(Catalog const& catalog, Communicator& ranks, FileViews const& views);

}  // namespace distload
