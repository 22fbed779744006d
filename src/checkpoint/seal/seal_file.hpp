/// The sidecar on disk, and the files that it is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/seal/seal.hpp"

namespace distload {

/// Where the seal of `file` stands: beside it, or beside the link that leads to it.
std::string seal_path(std::string const& file);

/// The seal at `path`, or nothing where there is none.
/// @throws CorruptData  as parse_seal, or it is larger than any seal can be.
/// @throws IoError      the system refuses to read it.
std::optional<Seal> read_seal(std::string const& path);

/// How the file of that number looks now; of a link, the file that it leads to. Its header hash is that of a
/// safetensors file's first bytes up to the end of the header, or of `description_of_tensors`.
/// @throws IoError      the system refuses.
/// @throws CorruptData  a header that was there when the catalog was read is not there any more.
FileFacts facts_of(Catalog const& catalog, std::uint32_t file);

/// What the catalog took from an HDF5 file: a line per tensor with its name, type, shape and extents, as SEALS.md says.
std::string description_of_tensors(Catalog const& catalog);

}  // namespace distload
