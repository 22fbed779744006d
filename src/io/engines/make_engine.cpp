// Creates engines.
#include "io/engines/make_engine.hpp"

#include <algorithm>
#include <utility>

#include <distload/base/error.hpp>

#include "io/engines/buffered_engine.hpp"
#include "io/engines/mmap_engine.hpp"
#include "io/mpi/collective_files.hpp"
#include "io/mpi/collective_hdf5.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// From this size on, one H5Dread per extent is as fast as MPI-IO of many extents per call: opening a dataset and
/// reading it collectively costs half a millisecond on four ranks.
constexpr Bytes kLargeExtentBytes = 32 * kMiB;

bool reads_datasets(Catalog const& catalog, std::optional<bool> configured) {
  if (catalog.format != SourceFormat::hdf5 || catalog.files.size() != 1) return false;
  if (configured) return *configured;
  return catalog.nbytes() / std::max<std::size_t>(catalog.extents.size(), 1) >= kLargeExtentBytes;
}

}  // namespace

std::unique_ptr<Engine> make_engine(ReadEngine engine, InputFiles files, Communicator& ranks,
                                    EngineResources const& resources) {
  auto const& catalog = files.catalog();
  switch (engine) {
    case ReadEngine::automatic: break;
    case ReadEngine::buffered: return std::make_unique<BufferedEngine>(std::move(files), resources.threads);
    case ReadEngine::mmap:
      return all_or_throw(ranks, "open",
                          [&] { return std::make_unique<MmapEngine>(std::move(files), resources.threads); });
    case ReadEngine::direct:
      return std::make_unique<DirectEngine>(std::move(files), DirectEngine::depth_for(resources.ranks_of_node),
                                            resources.buffers);
    case ReadEngine::collective:
      if (reads_datasets(catalog, resources.read_datasets))
        if (auto datasets = CollectiveHdf5::open(catalog, ranks, resources.hints)) return datasets;
      return std::make_unique<CollectiveFiles>(catalog, ranks, resources.hints);
  }
  throw InternalError("an engine must be chosen before it is made");
}

}  // namespace distload
