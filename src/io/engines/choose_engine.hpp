/// choose_engine: selects the read engine from the configuration and the storage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "io/files/file_system.hpp"

namespace distload {

/// What the choice depends on; equal on all ranks.
struct StorageFacts {
  SourceFormat format = SourceFormat::hdf5;
  FileSystem file_system;
  std::optional<double> resident;             ///< share of the files in the page cache, on the node with the least
  std::optional<std::string> why_not_direct;  ///< nothing if all ranks can bypass the page cache
  bool can_be_mapped = false;                 ///< shards can be views or copies of mapped files
  Bytes shard_bytes = 0;                      ///< approximate bytes of a rank's shards
  std::optional<Bytes> memory_limit;          ///< of a rank
  bool has_mpi = true;                        ///< the ranks communicate by MPI, which `collective` needs
};

/// Collective over `world`: collects the facts about `catalog` that the choice for `configured` depends on. The caller
/// sets the three members before the last. The ranks of a node share its page cache: one rank of each node
/// `looks_at_cache`, for which it opens all files.
StorageFacts probe_storage(ReadEngine configured, Catalog const& catalog, Communicator& world, bool looks_at_cache);

/// Pure. Returns the `configured` engine, or `buffered` instead of an impossible `direct`. `automatic` selects by the
/// first condition that holds:
///
/// - At least half of the bytes is in the page cache: `mmap`; `buffered` if the files cannot be mapped.
/// - The files can be mapped, and a rank's shards exceed the memory limit: `mmap`, which needs no second copy.
/// - The file system is shared by many nodes: `collective` for HDF5, `buffered` for safetensors and without MPI.
/// - All others, also if the share in the page cache is unknown: `direct`; `buffered` if that is not possible.
///
/// @throws ConfigError  `collective` is configured, and the ranks have no MPI.
EngineInUse choose_engine(ReadEngine configured, StorageFacts const& facts);

}  // namespace distload
