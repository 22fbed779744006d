/// The manifest: lists the files that this program has written into a directory; any other file there belongs to
/// others.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/metadata.hpp>

namespace distload {

inline constexpr char const* kManifestFile = "distload.manifest.json";
/// The temporary name of the manifest.
inline constexpr char const* kUnfinishedManifestFile = "distload.manifest.json.partial";

struct ManifestEntry {
  Bytes size_bytes = 0;
  std::uint64_t fingerprint = 0;

  friend bool operator==(ManifestEntry const&, ManifestEntry const&) = default;
};

struct Manifest {
  bool is_complete = false;  ///< false: `files` has only the names of the files to be written
  std::string model_name;
  std::string created;
  std::uint64_t step = 0;
  std::map<std::string, ManifestEntry, std::less<>> files;  ///< by name in the directory; without the manifest itself
};

/// Size and fingerprint of a file: XXH3-64 of all bytes or, for a safetensors file, of its header and of samples spread
/// evenly over its data, so that the time does not depend on the file size.
/// @throws IoError  it cannot be read.
ManifestEntry manifest_entry(std::string const& path);

/// Local: records in a new directory which files will be written there, so that after a crash they can be told from
/// files of others. On storage on return.
/// @throws IoError  storage failed.
void begin_manifest(std::string const& directory, std::span<std::string const> names);

/// Local: lists all files in the directory, which are all complete and of this program. The caller syncs the directory
/// afterwards.
/// @throws IoError  storage failed.
void complete_manifest(std::string const& directory, CheckpointMetadata const& metadata);

/// The directory's manifest; nothing if it is missing or invalid.
std::optional<Manifest> read_manifest(std::string const& directory);

}  // namespace distload
