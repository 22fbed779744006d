/// make_engine: the engine of a choice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <distload/parallel/communicator.hpp>

#include "io/engines/choose_engine.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/hints.hpp"
#include "io/files/input_files.hpp"

namespace distload {

/// What engines may use.
struct EngineResources {
  Hints hints = {};                        ///< for collective engines
  std::optional<bool> read_datasets = {};  ///< as LoadOptions says
  std::uint32_t threads = 1;               ///< of this rank, for engines that read for it alone
  std::uint32_t ranks_of_node = 1;         ///< that share its storage
};

/// How an engine wants the files open that it reads.
constexpr Caching caching_of(ReadEngine engine) noexcept {
  return engine == ReadEngine::direct ? Caching::none : Caching::page_cache;
}

/// Collective: opens the checkpoint for reading by all of `ranks`; its catalog and the ranks outlive the engine. What
/// is open of `files`, the engine reads; collective engines leave that to MPI-IO and HDF5, which open by name.
/// Precondition: `engine` is not `automatic`; the files are for `caching_of(engine)`.
/// @throws IoError, CorruptData  a file cannot be opened; the same on all ranks.
std::unique_ptr<Engine> make_engine(ReadEngine engine, InputFiles files, Communicator& ranks,
                                    EngineResources const& resources);

}  // namespace distload
