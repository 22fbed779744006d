/// The place on a file system that a checkpoint needs before it is written.
#pragma once

#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// Says plainly and at once what would otherwise end in an input/output error after most of a checkpoint has been
/// written.
/// @throws IoError  the file system of `path`, whose folder exists, has less than `needed` bytes left.
void check_space(std::string const& path, Bytes needed);

}  // namespace distload
