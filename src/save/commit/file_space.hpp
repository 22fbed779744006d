/// Checks and creates folders; checks free space before a checkpoint is written.
#pragma once

#include <optional>
#include <string>

#include <distload/base/bytes.hpp>

#include "base/result_file.hpp"

namespace distload {

/// The folder of `path`; "." if it has none.
std::string folder_of(std::string const& path);

/// Creates the folder of `path` and its parents if missing, and syncs their names to storage, without which files in
/// the folder are not durable.
/// @throws IoError  the system refuses.
void make_folder_of(std::string const& path);

/// Checks that `folder` can be written to, or can be created with its parents.
/// @throws IoError  it cannot; names the obstacle and the system's reason.
void check_folder_can_be_made(std::string const& folder, Probe how);

/// Bytes that the file system of `path`, whose folders may not exist yet, has free; nothing if that is not known.
std::optional<Bytes> available_space(std::string const& path);

/// Reports a lack of space before most of a checkpoint has been written.
/// @throws IoError  the file system of `path`, whose folders may not exist yet, has less than `needed` bytes free:
///                  names both numbers.
void check_space(std::string const& path, Bytes needed);

/// "3 MiB (3145728 bytes) are left on its file system" for an existing file, or why that is not known; and the limit on
/// file sizes, if there is one.
std::string describe_space(std::string const& path);

}  // namespace distload
