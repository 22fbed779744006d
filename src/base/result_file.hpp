/// Files with results, such as a report: whether they can be written, before the work, and writing them at once.
#pragma once

#include <string>
#include <string_view>

namespace distload {

/// How thoroughly it is found out whether files can be made in a folder.
enum class Probe {
  look,   ///< nothing is changed: what permissions say
  touch,  ///< an empty file is made and removed
};

/// Local: whether files can be made in `folder`, which is there.
/// @throws IoError  naming the folder and the system's reason.
void check_folder(std::string const& folder, Probe how);

/// Local: whether `write_result_file` could write to `path`. What is there stays as it is, and nothing is left behind.
/// @throws IoError  naming path and reason: there is no such folder, no permission, the path is a folder, ...
void check_result_file(std::string const& path, Probe how);

/// Local: writes `text` to `path`.
///
/// A file is replaced by one that is complete and on storage, so that a reader never sees half of it; its permissions
/// stay. Where the folder does not permit that, and for what is no file (a pipe, a terminal, /dev/stdout), the text is
/// written as it is; a named pipe is waited for until somebody reads it.
/// @throws IoError  naming path and reason; then a file has kept what it had, unless it could only be written in place.
void write_result_file(std::string const& path, std::string_view text);

}  // namespace distload
