/// make_engine: the engine of a choice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <distload/parallel/communicator.hpp>

#include "io/engines/choose_engine.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/hints.hpp"

namespace distload {

/// What engines may use.
struct EngineResources {
  Hints hints = {};                        ///< for collective engines
  std::optional<bool> read_datasets = {};  ///< as LoadOptions says
  std::uint32_t threads = 1;               ///< of this rank, for engines that read for it alone
  std::uint32_t ranks_of_node = 1;         ///< that share its storage
};

/// Collective: opens `catalog` for reading by all of `ranks`; both outlive the engine.
/// Precondition: `engine` is not `automatic`.
/// @throws IoError, CorruptData  a file cannot be opened; the same on all ranks.
std::unique_ptr<Engine> make_engine(ReadEngine engine, Catalog const& catalog, Communicator& ranks,
                                    EngineResources const& resources);

}  // namespace distload
