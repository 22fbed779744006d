/// Checks before a load that its results can be stored.
#pragma once

#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/save/saver.hpp>

namespace distload {

/// Collective: checks that the checkpoint can be saved and the report written as configured; reads the carried files
/// that will be saved. A dry run changes nothing here, and only warns if storage would refuse; it does not look at the
/// report, which it writes.
/// @param saver  null if nothing is saved
/// @throws ConfigError  as Saver::check; on all ranks.
/// @throws IoError      all errors of storage, in one message; on all ranks.
/// @throws CorruptData  as Saver::keep_files; on all ranks.
void check_destinations(Config const& config, OpenedCheckpoint const& checkpoint, Saver* saver, Communicator& world,
                        bool dry_run);

}  // namespace distload
