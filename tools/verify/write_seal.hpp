/// Adds entries to the sidecar file.
#pragma once

#include <map>
#include <string>

#include "checkpoint/seal/seal.hpp"

namespace distload {

/// Local: checks that a seal can be written at `path`.
/// @throws IoError  its directory cannot be written to, or `path` exists and is not a readable seal.
void check_seal_can_be_written(std::string const& path);

/// Local: adds `entries` to the seal at `path`, atomically; the seal is on storage on return. Keeps the entries of
/// other files unless those files no longer exist. Keeps a file's SHA-256 if the file has not changed since it was
/// sealed.
/// @throws CorruptData  a file's content has changed while its properties have not, which is damage that a new seal
/// would hide; or the existing seal cannot be read.
/// @throws IoError      the system refuses.
void write_seal(std::string const& path, std::map<std::string, SealedFile> const& entries);

}  // namespace distload
