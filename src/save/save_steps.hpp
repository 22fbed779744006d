/// The names of a save's steps, in order, for fault_point and tests.
#pragma once

#include <array>
#include <string_view>

namespace distload {

/// Some steps exist only for one format or engine, or for certain options.
inline constexpr std::array<std::string_view, 23> kSaveSteps{
    "save_gather",          // gather what the ranks hold
    "save_files",           // rank 0 reads carried files that are not in memory
    "save_target",          // check existing entries
    "save_create",          // create the file under its temporary name, with its space
    "save_open",            // all ranks open it
    "save_plan",            //
    "save_allocate",        // staging memory, and the thread of a background save
    "save_pack",            // copy shards into staging memory
    "save_write",           // write the tensors' bytes
    "save_close",           //
    "save_sync",            // every rank syncs what it has written to storage
    "save_verify",          // read it back
    "save_commit",          // rank 0 completes the file:
    "save_hashes",          //   checksums
    "save_mark",            //   the commit mark
    "save_stamp",           //   the stamp of the index
    "save_sync_commit",     //   sync to storage
    "save_check",           //   read back
    "save_publish",         // rank 0 publishes the file:
    "save_rename",          //   rename to the final name
    "save_sync_directory",  //   sync the name to storage
    "save_remove",          //   remove what it replaces
    "save_retain",          // remove old checkpoints
};

}  // namespace distload
