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

/// Collective: opens `catalog` for reading by all of `ranks`; both outlive the engine. `hints` are for collective
/// engines, `threads` (of each rank) for the others.
/// @throws ConfigError           there is no engine of that name.
/// @throws IoError, CorruptData  a file cannot be opened; the same on all ranks.
std::unique_ptr<Engine> make_engine(std::string_view name, Catalog const& catalog, Communicator& ranks,
                                    Hints const& hints, std::uint32_t threads = 1);

}  // namespace distload
