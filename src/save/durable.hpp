/// What makes files outlive a crash of the machine.
#pragma once

#include <string>

namespace distload {

/// Returns when the file's bytes, as far as this machine has written them, are on storage.
/// @throws IoError  the system refuses.
void sync_file(std::string const& path);

/// Gives the file its final name, replacing what has it, and returns when that is on storage.
/// @throws IoError  the system refuses.
void publish_file(std::string const& from, std::string const& to);

}  // namespace distload
