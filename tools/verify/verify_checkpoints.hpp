/// Verifies all checkpoints at a path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "verify/outcome.hpp"

namespace distload {

struct VerifyOptions {
  std::optional<std::uint64_t> step;  ///< of a directory of steps; default: the newest valid one
  bool all = false;                   ///< every step of a directory
  bool seal = false;                  ///< write checksums instead of comparing
  bool sha256 = false;                ///< also write sums of whole files
  std::uint32_t threads = 1;          ///< for sealing, on this rank
};

/// Collective: an outcome for every checkpoint or invalid checkpoint at `path`, the newest first; at least one.
/// Complete on rank 0; without damage and reasons on other ranks.
/// @throws CommunicationError, InternalError  for failures that are not about the checkpoint.
std::vector<Outcome> verify_checkpoints(Communicator& world, std::string const& path, VerifyOptions const& options);

}  // namespace distload
