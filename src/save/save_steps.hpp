/// The steps of a save by name, in their order: where fault_point can make one fail, and tests do.
#pragma once

#include <array>
#include <string_view>

namespace distload {

/// Some belong to one format or engine only, or to options that are not always on.
inline constexpr std::array<std::string_view, 22> kSaveSteps{
    "save_gather",          // what the ranks hold
    "save_files",           // rank 0 reads the model's other files, if it has not yet
    "save_create",          // the file under its temporary name, with its space
    "save_open",            // by all ranks
    "save_plan",            //
    "save_allocate",        // staging memory, and the thread of a save in the background
    "save_pack",            // shards into staging memory
    "save_write",           // the tensors' bytes
    "save_close",           //
    "save_sync",            // every rank brings what it has written to storage
    "save_verify",          // and reads it back
    "save_commit",          // rank 0 completes the file:
    "save_hashes",          //   checksums
    "save_mark",            //   the commit mark
    "save_stamp",           //   the stamp of the index
    "save_sync_commit",     //   all that to storage
    "save_check",           //   and reads it back
    "save_publish",         // rank 0 makes it visible:
    "save_rename",          //   under its own name
    "save_sync_directory",  //   the name to storage
    "save_remove",          //   what it has replaced goes
    "save_retain",          // and so do old checkpoints
};

}  // namespace distload
