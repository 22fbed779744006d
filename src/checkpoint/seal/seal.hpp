/// The sidecar file `distload.checksums.json`: checksums of files that contain none. SEALS.md describes it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

inline constexpr char const* kSealFile = "distload.checksums.json";

/// Properties of a file that show whether it has changed. If one differs, the seal is stale.
struct FileFacts {
  Bytes size_bytes = 0;
  std::int64_t mtime_ns = 0;      ///< time of last modification since 1970
  std::uint64_t header_hash = 0;  ///< XXH3-64 of the description of its tensors: names, types, shapes and positions

  friend bool operator==(FileFacts const&, FileFacts const&) = default;
};

struct SealedFile {
  FileFacts facts;
  std::optional<std::string> sha256;  ///< of the whole file, 64 hex digits in lower case
  /// XXH3-64 of every block of every extent of a tensor; extents in the catalog's order.
  std::map<std::string, std::vector<std::uint64_t>> tensors;

  friend bool operator==(SealedFile const&, SealedFile const&) = default;
};

struct Seal {
  std::map<std::string, SealedFile> files;  ///< by name in the sidecar's directory
};

/// Parses unchecked bytes.
/// @param path  for messages
/// @throws CorruptData  naming `path`, the position and the cause: JSON of another form, a duplicate key, a name
///                      outside the directory, a newer version.
Seal parse_seal(std::string_view text, std::string const& path);

/// The text for `parse_seal`; one line per tensor.
/// @throws CorruptData  a name is not UTF-8.
std::string format_seal(Seal const& seal);

}  // namespace distload
