/// Looking at all that a path stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "verify/outcome.hpp"

namespace distload {

struct VerifyOptions {
  std::optional<std::uint64_t> step;  ///< of a directory of steps; without it the newest valid one
  bool all = false;                   ///< every step of a directory
  bool seal = false;                  ///< write checksums instead of comparing them
  bool sha256 = false;                ///< and the sums of whole files
  std::uint32_t threads = 1;          ///< of this rank, for sealing
};

/// Collective: an outcome for everything at `path` that is a checkpoint or should be one, the newest first; at least
/// one. Complete on rank 0, elsewhere without damage and reasons.
/// @throws CommunicationError, InternalError  what says nothing about the checkpoint.
std::vector<Outcome> verify_checkpoints(Communicator& world, std::string const& path, VerifyOptions const& options);

}  // namespace distload
