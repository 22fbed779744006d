/// make_engine: an engine by its name.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <distload/parallel/communicator.hpp>

#include "io/engine.hpp"
#include "io/engine_choice.hpp"
#include "io/hints.hpp"

namespace distload {

/// What engines may use.
struct EngineResources {
  Hints hints;                      ///< for collective engines
  std::uint32_t threads = 1;        ///< of this rank, for engines that read for it alone
  std::uint32_t ranks_of_node = 1;  ///< that share its storage
};

/// Collective: opens `catalog` for reading by all of `ranks`; both outlive the engine.
/// @throws ConfigError           there is no engine of that name.
/// @throws IoError, CorruptData  a file cannot be opened; the same on all ranks.
std::unique_ptr<Engine> make_engine(std::string_view name, Catalog const& catalog, Communicator& ranks,
                                    EngineResources const& resources);

}  // namespace distload
