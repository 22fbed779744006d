/// check_health: compares a checkpoint's blocks with their checksums, on the threads of this process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "io/engines/block_check.hpp"

namespace distload {

struct Health {
  ExitCode code = ExitCode::done;    ///< as distload-verify's: 5 damaged, 6 unreadable, 9 no checksums
  std::string reason;                ///< a complete sentence, if `code` is not `done` and no block is damaged
  std::vector<DamagedBlock> damage;  ///< in the order of extents and bytes, files of the model last
  Bytes verified_bytes = 0;
  Bytes unverified_bytes = 0;  ///< without checksums
};

/// Not collective. Damage, and files that cannot be read, are results and no errors.
Health check_health(Catalog const& catalog, std::uint32_t threads);

/// "verified", "damaged", "unreadable", "nothing_to_verify"; "not_verified" if files are not as the catalog says.
char const* state_of(Health const& health);

/// One or two lines that say the same.
std::string summary_of(Health const& health);

}  // namespace distload
