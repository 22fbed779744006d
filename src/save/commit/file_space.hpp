/// The place on a file system that a checkpoint needs before it is written.
#pragma once

#include <string>

#include <distload/base/bytes.hpp>

#include "base/result_file.hpp"

namespace distload {

/// The folder that `path` lies in; "." if it names none.
std::string folder_of(std::string const& path);

/// Creates the folder that `path` is to lie in, and those above it, if it is missing, and brings their names to
/// storage: without them nothing in the folder is safe.
/// @throws IoError  the system refuses.
void make_folder_of(std::string const& path);

/// Whether `folder` can be written to, or can be made with those above it.
/// @throws IoError  it cannot, with what is in the way and the system's reason.
void check_folder_can_be_made(std::string const& folder, Probe how);

/// Says plainly and at once what would otherwise end in an input/output error after most of a checkpoint has been
/// written.
/// @throws IoError  the file system that `path` lies on, or will lie on once its folders are made, has less than
/// `needed`
///                  bytes left: names both.
void check_space(std::string const& path, Bytes needed);

/// "3 MiB (3145728 bytes) are left on its file system", of an existing file, or why that is not known; and the limit of
/// file sizes, if there is one.
std::string describe_space(std::string const& path);

}  // namespace distload
