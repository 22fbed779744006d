/// apply_seal: adds the checksums of a sidecar file to a catalog.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "checkpoint/seal/seal.hpp"

namespace distload {

/// Copies checksums to the extents of all files that have none and that the seal beside them lists. `Catalog::warnings`
/// names the files that remain unverified.
/// @throws CorruptData  the seal is damaged or, with `SealUse::refuse_stale`, stale: names the file and the difference.
/// @throws IoError      the system refuses to read the seal or its files.
void apply_seal(Catalog& catalog, SealUse use);

/// The same for a given entry: that of file number `file`.
/// @param path  path of the seal, for messages
/// @throws CorruptData  the entry lists other tensors.
void apply_seal(Catalog& catalog, std::uint32_t file, SealedFile const& sealed, std::string const& path);

}  // namespace distload
