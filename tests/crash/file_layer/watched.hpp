/// What the layer watches: files and names below FILE_LAYER_ROOT, in the ranks of a job.
#pragma once

#include <optional>
#include <string>

#include <sys/stat.h>
#include <sys/types.h>

namespace distload::file_layer {

/// A file or directory that is open.
struct WatchedFile {
  ino_t inode = 0;
  off_t size = 0;
};

/// A name in a directory, whether or not something has it.
struct WatchedName {
  ino_t directory = 0;
  std::string name;
  std::string path;  ///< absolute, without symbolic links
  ino_t inode = 0;   ///< what has the name; 0 if nothing has
  mode_t mode = 0;
};

/// Ends the process: a test that cannot watch what it is there to watch must not pass.
[[noreturn]] void give_up(std::string const& why);

/// The file behind a descriptor, if it lies, or lay, below the root.
std::optional<WatchedFile> watched_file(int descriptor);

/// What `path`, relative to the open directory `at` (or AT_FDCWD), names, if its directory lies below the root or is
/// it.
std::optional<WatchedName> watched_name(int at, char const* path);

}  // namespace distload::file_layer
