/// Result files such as reports: check before the work that they can be written; write them atomically.
#pragma once

#include <string>
#include <string_view>

namespace distload {

/// How to check that files can be created in a folder.
enum class Probe {
  check_permissions,  ///< check permissions only
  create_file,        ///< create and remove an empty file
};

/// Local: checks that files can be created in `folder`, which exists.
/// @throws IoError  naming the folder and the system's reason.
void check_folder(std::string const& folder, Probe how);

/// Local: from now on, `write_result_file` of this process refuses to write to the file at `path`, if there is one, by
/// whatever path it is reached: it is read. From any thread.
void keep_from_results(std::string const& path);

/// Local: checks that `write_result_file` could write `path`. Keeps an existing file and leaves no file behind.
/// @throws IoError  naming path and reason: the folder does not exist, no permission, the path is a folder, ...
/// @throws ConfigError  the file is one that is read (keep_from_results).
void check_result_file(std::string const& path, Probe how);

/// Local: writes `text` to `path`.
///
/// Replaces a file atomically by one that is complete and on storage; keeps its permissions. Writes in place where the
/// folder permits no new file, and if the path is not a regular file (a pipe, a terminal, /dev/stdout); opening a named
/// pipe waits for its reader.
/// @throws IoError  naming path and reason; an existing file is unchanged unless it was written in place.
/// @throws ConfigError  the file is one that is read (keep_from_results).
void write_result_file(std::string const& path, std::string_view text);

}  // namespace distload
