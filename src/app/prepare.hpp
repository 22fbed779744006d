/// What is found out before anything is loaded, so that no load is started whose results cannot be stored.
#pragma once

#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/save/saver.hpp>

namespace distload {

/// Collective: whether the checkpoint can be saved, and the report written, as the configuration says; the model's
/// other files, which are saved with it, are read. A dry run changes nothing, and warns of a storage that would refuse.
/// @param saver  null where nothing is saved
/// @throws ConfigError  as Saver::check; on all ranks.
/// @throws IoError      all that storage refuses, in one message; on all ranks.
/// @throws CorruptData  as Saver::keep_files; on all ranks.
void check_destinations(Config const& config, OpenedCheckpoint const& checkpoint, Saver* saver, Communicator& world,
                        bool dry_run);

}  // namespace distload
