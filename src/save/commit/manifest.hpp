/// The manifest: what distload has written into a directory, so that later everything else is known to be somebody
/// else's.
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
/// It has this name until it is whole.
inline constexpr char const* kUnfinishedManifestFile = "distload.manifest.json.partial";

struct ManifestEntry {
  Bytes size_bytes = 0;
  std::uint64_t fingerprint = 0;

  friend bool operator==(ManifestEntry const&, ManifestEntry const&) = default;
};

struct Manifest {
  bool is_complete = false;  ///< if not, `files` has only the names of what was going to be written
  std::string model_name;
  std::string created;
  std::uint64_t step = 0;
  std::map<std::string, ManifestEntry, std::less<>> files;  ///< by name in the directory, the manifest itself left out
};

/// Size and fingerprint of a file: XXH3-64 of all its bytes, or of a safetensors file of its header and of samples of
/// its data, spread evenly, so that it takes no time however large the file is.
/// @throws IoError  it cannot be read.
ManifestEntry manifest_entry(std::string const& path);

/// Local: says in a new directory, on storage when this returns, which files are going to be written there, so that
/// what a crash leaves can be told from what others have put there.
/// @throws IoError  storage failed.
void begin_manifest(std::string const& directory, std::span<std::string const> names);

/// Local: lists every file that is in the directory, all of which are distload's and whole. The directory is to be
/// synced afterwards.
/// @throws IoError  storage failed.
void complete_manifest(std::string const& directory, CheckpointMetadata const& metadata);

/// Nothing if the directory has none, or what has its name is none.
std::optional<Manifest> read_manifest(std::string const& directory);

}  // namespace distload
