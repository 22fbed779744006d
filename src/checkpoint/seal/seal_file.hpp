/// The sidecar file on disk and the files that it describes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/seal/seal.hpp"

namespace distload {

/// The path of the seal of `file`: beside the file, or beside the link if `file` is a link.
std::string seal_path(std::string const& file);

/// The seal at `path`; nothing if there is no such file.
/// @throws CorruptData  as parse_seal, or the file exceeds the size limit.
/// @throws IoError      the system refuses to read it.
std::optional<Seal> read_seal(std::string const& path);

/// The current properties of file number `file`; links are followed. The header hash covers a safetensors file's bytes
/// up to the end of the header; for HDF5, `description_of_tensors`.
/// @throws IoError      the system refuses.
/// @throws CorruptData  the header that the catalog was read from no longer exists.
FileFacts facts_of(Catalog const& catalog, std::uint32_t file);

/// The catalog's tensors of an HDF5 file: one line per tensor with name, type, shape and extents, as SEALS.md defines.
std::string description_of_tensors(Catalog const& catalog);

}  // namespace distload
