/// RawCheckpoint: a catalog over files of random bytes, for tests of engines, which know nothing of formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "io/engines/engine.hpp"

namespace distload::testing {

/// Bytes per checksum; small, so that tests with several blocks are quick.
inline constexpr Bytes kTestBlockBytes = 16 * kKiB;

/// Files in a directory of its own. The content depends only on the calls made, so that ranks of a job can describe
/// what one of them writes.
class RawCheckpoint {
 public:
  explicit RawCheckpoint(std::filesystem::path directory);
  ~RawCheckpoint();
  RawCheckpoint(RawCheckpoint const&) = delete;
  RawCheckpoint& operator=(RawCheckpoint const&) = delete;

  /// Adds a file and returns its number. `gap_bytes` lie before every extent.
  std::uint32_t add_file(Bytes gap_bytes = 0);
  /// Adds a u8 tensor of one extent at the end of the file; returns the extent's number.
  std::uint32_t add_tensor(std::uint32_t file, Bytes nbytes, bool checksums = true);
  /// Writes all files, making the directory, which the destructor then removes. Nothing may be added afterwards.
  void write();

  /// Inverts the byte of an extent in its file.
  void damage(std::uint32_t extent, Bytes position) const;
  /// Cuts the extent's file after `position` bytes of it.
  void truncate(std::uint32_t extent, Bytes position) const;

  Catalog const& catalog() const noexcept { return catalog_; }
  Catalog& catalog() noexcept { return catalog_; }
  std::string const& path_of(std::uint32_t extent) const { return catalog_.files[catalog_.extents[extent].file].path; }
  /// What an extent holds.
  std::vector<std::byte> bytes_of(std::uint32_t extent) const;

 private:
  std::filesystem::path directory_;
  bool written_ = false;
  std::vector<Bytes> gaps_;
  std::vector<std::vector<std::byte>> contents_;  ///< by file
  Catalog catalog_;
};

/// A directory name that no other test process uses.
std::filesystem::path fresh_directory();

}  // namespace distload::testing
