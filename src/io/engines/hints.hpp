/// Hints for MPI-IO, as the user writes them.
#pragma once

#include <map>
#include <string>

namespace distload {

/// Key and value, e.g. {"romio_cb_read", "enable"}; what MPI does not know it ignores.
using Hints = std::map<std::string, std::string>;

/// Our own: `enable` has the collective engine read HDF5 files by H5Dread, dataset by dataset, `disable` by MPI-IO,
/// many extents at a time; without it the size of the extents decides. MPI ignores it.
inline constexpr char const* kDatasetsHint = "distload_datasets";

/// Our own: `disable` keeps ranks of a node from writing to each other's memory.
inline constexpr char const* kPeerWritesHint = "distload_peer_writes";

}  // namespace distload
