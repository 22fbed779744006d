/// make_engine: creates the selected engine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <distload/parallel/communicator.hpp>

#include "io/engines/choose_engine.hpp"
#include "io/engines/direct_engine.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/hints.hpp"
#include "io/files/input_files.hpp"

namespace distload {

/// Resources of an engine.
struct EngineResources {
  Hints hints = {};                        ///< for collective engines
  std::optional<bool> read_datasets = {};  ///< as in LoadOptions
  std::uint32_t threads = 1;               ///< of this rank, for engines that are not collective
  std::uint32_t ranks_of_node = 1;         ///< ranks on this node, which share its storage
  DirectEngine::Buffers buffers = {};      ///< of `direct`
};

/// How an engine requires its files to be opened.
constexpr Caching caching_of(ReadEngine engine) noexcept {
  return engine == ReadEngine::direct ? Caching::none : Caching::page_cache;
}

/// Collective: opens the checkpoint for reading by all of `ranks`; catalog and ranks outlive the engine. The engine
/// takes over `files`; collective engines open the files again through MPI-IO or HDF5. Precondition: `engine` is not
/// `automatic`; `files` were opened with `caching_of(engine)`.
/// @throws IoError, CorruptData  a file cannot be opened; the same on all ranks.
std::unique_ptr<Engine> make_engine(ReadEngine engine, InputFiles files, Communicator& ranks,
                                    EngineResources const& resources);

}  // namespace distload
