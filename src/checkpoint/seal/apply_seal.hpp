/// apply_seal: gives a catalog the checksums that stand beside its files.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "checkpoint/seal/seal.hpp"

namespace distload {

/// Gives the extents of all files without checksums, for which a seal beside them has an entry, the seal's. What it
/// leaves unverified it names in `Catalog::warnings`.
/// @throws CorruptData  the seal is damaged, or with `SealUse::refuse_stale` stale: names the file and what differs.
/// @throws IoError      the system refuses to read the seal or its files.
void apply_seal(Catalog& catalog, SealUse use);

/// The same, of a seal at hand: the entry of file number `file`.
/// @param path  of the seal, for messages
/// @throws CorruptData  it is not of these tensors.
void apply_seal(Catalog& catalog, std::uint32_t file, SealedFile const& sealed, std::string const& path);

}  // namespace distload
