/// The sidecar `distload.checksums.json`: checksums of files that have none of their own. SEALS.md describes it.
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

/// What a file looks like from outside. Another look makes its seal stale.
struct FileFacts {
  Bytes size_bytes = 0;
  std::int64_t mtime_ns = 0;      ///< when it was last modified, since 1970
  std::uint64_t header_hash = 0;  ///< XXH3-64 of what tells names, types, shapes and places of its tensors

  friend bool operator==(FileFacts const&, FileFacts const&) = default;
};

struct SealedFile {
  FileFacts facts;
  std::optional<std::string> sha256;  ///< of the whole file, 64 hex digits in lower case
  /// XXH3-64 of every block of every extent of a tensor, extents in the catalog's order.
  std::map<std::string, std::vector<std::uint64_t>> tensors;

  friend bool operator==(SealedFile const&, SealedFile const&) = default;
};

struct Seal {
  std::map<std::string, SealedFile> files;  ///< by their names in the sidecar's directory
};

/// Takes unchecked bytes.
/// @param path  for messages
/// @throws CorruptData  naming `path`, the place and the cause: no JSON of the described form, a duplicate key, a name
/// that leads elsewhere, a newer version.
Seal parse_seal(std::string_view text, std::string const& path);

/// The text that `parse_seal` reads; a line per tensor.
/// @throws CorruptData  a name is not UTF-8.
std::string format_seal(Seal const& seal);

}  // namespace distload
