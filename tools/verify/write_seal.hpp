/// Putting new entries into the sidecar.
#pragma once

#include <map>
#include <string>

#include "checkpoint/seal/seal.hpp"

namespace distload {

/// Local: can a seal be written at `path`?
/// @throws IoError  its directory cannot be written to, or `path` is there and is no readable seal.
void check_seal_can_be_written(std::string const& path);

/// Local: puts `entries` into the seal at `path`, which is on storage under its own name when this returns, whole or
/// as it was before. Entries of other files stay, unless their files are gone; a SHA-256 stays with a file that is as
/// it was sealed.
/// @throws CorruptData  a file looks as it was sealed but its content is another one: that is damage, and sealing it
/// would hide it. Or the seal that is there cannot be read.
/// @throws IoError      the system refuses.
void write_seal(std::string const& path, std::map<std::string, SealedFile> const& entries);

}  // namespace distload
