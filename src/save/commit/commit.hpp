/// commit: the end of every save in any format, after all data is on storage.
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

/// A written checkpoint that is not committed yet.
struct Uncommitted {
  Catalog const& catalog;          ///< with its temporary paths
  std::string const& path;         ///< its final path
  TemporaryFile* file;             ///< on rank 0, which alone calls the two functions
  std::function<void()> complete;  ///< writes the remaining parts of the checkpoint to storage
  std::function<void()> check;     ///< verifies what the catalog does not list
  Replacement const& replacement;
  std::vector<Occupant> const& checked;  ///< on rank 0: what may be replaced
};

/// Collective over `ranks`: verifies, completes, checks and publishes, in this order.
/// @throws CorruptData  storage returns other bytes than were written; on all ranks.
/// @throws IoError      storage failed; on all ranks.
/// @throws ConfigError  the final name has been taken since the check and may not be replaced; on all ranks.
void commit(Uncommitted const& checkpoint, VerifyAfterWrite verify, Communicator& ranks);

}  // namespace distload
