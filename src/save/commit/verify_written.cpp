// Verifies all blocks; all ranks agree on the result.
#include "save/commit/verify_written.hpp"

#include <distload/base/error.hpp>

#include "io/engines/block_check.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {

void verify_written(Catalog const& written, Communicator& ranks) {
  all_or_throw(ranks, "save_verify", [&] {
    auto const findings = check_blocks(written, ranks.rank(), ranks.size(), CheckFrom::storage);
    if (findings.damage.empty()) return;
    auto const& first = findings.damage.front();
    throw_error(first.is_unreadable ? ExitCode::io : ExitCode::corrupt_data, "after the save: " + first.reason);
  });
}

}  // namespace distload
