// The last steps of a save; all ranks complete each step before the next.
#include "save/commit/commit.hpp"

#include "parallel/all_or_throw.hpp"
#include "save/commit/publish.hpp"
#include "save/commit/run_together.hpp"
#include "save/commit/verify_written.hpp"

namespace distload {

void commit(Uncommitted const& checkpoint, VerifyAfterWrite verify, Communicator& ranks) {
  if (verify == VerifyAfterWrite::full) verify_written(checkpoint.catalog, ranks);
  all_or_throw(ranks, "save_commit", [&] {
    if (ranks.rank() != 0) return;
    checkpoint.complete();
    if (verify != VerifyAfterWrite::none) checkpoint.check();
  });
  run_together(ranks, "save_publish", [&] {
    if (ranks.rank() != 0) return;
    // After this point a signal leaves a complete checkpoint under one of the two names.
    checkpoint.file->settle();
    publish(checkpoint.catalog.path, checkpoint.path, checkpoint.replacement, checkpoint.checked);
    checkpoint.file->keep();
  });
}

}  // namespace distload
