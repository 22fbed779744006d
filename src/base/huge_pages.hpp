/// HugePages: anonymous host memory that the kernel is asked to back with huge pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>

namespace distload {

/// Page size that the memory is aligned to: 2 MiB on x86-64 and on arm64 with 4 KiB base pages.
inline constexpr Bytes kHugePageBytes = 2 * kMiB;

/// Zeroed by the kernel when first touched. Filling fresh huge pages is four to five times as fast as filling 4 KiB
/// pages. Move-only.
class HugePages {
 public:
  HugePages() = default;
  /// @throws OutOfBudget  the kernel refuses the mapping, or has not so many reserved pages.
  explicit HugePages(Bytes nbytes, HugePageKind kind = HugePageKind::transparent);
  ~HugePages();
  HugePages(HugePages&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapping_bytes_(std::exchange(other.mapping_bytes_, 0)),
        data_(std::exchange(other.data_, nullptr)),
        files_(std::exchange(other.files_, {})) {}
  HugePages& operator=(HugePages&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_bytes_, other.mapping_bytes_);
    std::swap(data_, other.data_);
    std::swap(files_, other.files_);
    return *this;
  }
  HugePages(HugePages const&) = delete;
  HugePages& operator=(HugePages const&) = delete;

  /// Aligned to kHugePageBytes; nullptr if empty.
  std::byte* data() const noexcept { return data_; }

  /// Shows a part of a file in the place of the memory from `offset` on, for `nbytes`; what is written there stays in
  /// this process. All three are multiples of the system's page size, but that `nbytes` may end with the file. Not in
  /// the place of reserved pages.
  /// @throws OutOfBudget  the kernel has no room for one more mapping.
  /// @throws IoError      the kernel refuses to map the file.
  void map_file(Bytes offset, int descriptor, Bytes file_offset, Bytes nbytes);

  /// True if a file is shown at `offset`.
  bool maps_file_at(Bytes offset) const noexcept;

  /// What of the first `nbytes`, rounded up to pages, shows no file.
  std::vector<std::span<std::byte>> without_files(Bytes nbytes) const;

  /// Has zeroed memory again where files were.
  /// @throws OutOfBudget  the kernel refuses.
  void unmap_files();

 private:
  struct Range {
    std::byte* begin = nullptr;
    Bytes nbytes = 0;
  };

  void map_transparent(Bytes nbytes);
  void map_reserved(Bytes nbytes);

  void* mapping_ = nullptr;
  Bytes mapping_bytes_ = 0;
  std::byte* data_ = nullptr;
  std::vector<Range> files_;  ///< where files are mapped
};

}  // namespace distload
