/// choose_engine: which engine reads, by what the user says or by where the checkpoint lies.
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

/// What the choice depends on, the same on all ranks.
struct StorageFacts {
  SourceFormat format = SourceFormat::hdf5;
  FileSystem file_system;
  std::optional<double> resident;             ///< share of the files in the page cache, on the node with the least
  std::optional<std::string> why_not_direct;  ///< nothing: all ranks can read past the page cache
  bool can_be_mapped = false;                 ///< shards can be shown and copied where the files are mapped
  Bytes shard_bytes = 0;                      ///< about what a rank has to hold
  std::optional<Bytes> memory_limit;          ///< of a rank
};

/// Collective over `world`: what there is to know about `catalog`, as far as it matters for what is `configured`. The
/// caller fills in the last three. A node's ranks share its page cache: one of each node is to look there, if it
/// `looks_at_cache`, which takes opening all files.
StorageFacts probe_storage(ReadEngine configured, Catalog const& catalog, Communicator& world, bool looks_at_cache);

/// Pure. `configured`: an engine, or `automatic`, which decides so:
///
/// - What is in the page cache, mostly, is mapped: ranks of a node share it, and what is stored as it is loaded need
/// not
///   even be copied. Where it cannot be mapped (a device's memory), it is read from the page cache.
/// - So is what would not fit into memory a second time.
/// - A shared file system is served best by a few large requests that all ranks make together.
/// - Anything else is read past the page cache, many requests at a time, if the file system allows.
EngineInUse choose_engine(ReadEngine configured, StorageFacts const& circumstances);

}  // namespace distload
