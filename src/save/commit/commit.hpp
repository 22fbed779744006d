/// commit: the end of every save, whatever its format, once all data is on storage.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <distload/base/choices.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>
#include "save/commit/replacement.hpp"

#include "save/commit/durable.hpp"
#include "save/commit/target.hpp"

namespace distload {

/// A checkpoint that lacks only what makes it one.
struct Uncommitted {
  Catalog const& catalog;          ///< with its temporary paths
  std::string const& path;         ///< that it gets
  TemporaryFile* file;             ///< on rank 0, which alone calls the two functions
  std::function<void()> complete;  ///< writes what makes it a checkpoint; that is on storage when it returns
  std::function<void()> check;     ///< reads back what is not in the catalog
  Replacement const& replacement;
  std::vector<Occupant> const& checked;  ///< on rank 0: what may be replaced
};

/// Collective over `ranks`: verifies, completes, checks and publishes, in this order.
/// @throws CorruptData  storage does not give back what was written; on all ranks.
/// @throws IoError      storage failed; on all ranks.
/// @throws ConfigError  something has come since that may not be replaced; on all ranks.
void commit(Uncommitted const& checkpoint, VerifyAfterWrite verify, Communicator& ranks);

}  // namespace distload
