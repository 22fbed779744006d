/// HugePages: anonymous host memory for which the kernel is asked to use huge pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>

namespace distload {

/// Alignment of the memory: 2 MiB, the huge page size of x86-64 and of arm64 with 4 KiB base pages.
inline constexpr Bytes kHugePageBytes = 2 * kMiB;

/// Memory that the kernel zeroes at the first access. Filling new huge pages is four to five times as fast as filling 4
/// KiB pages. Move-only.
class HugePages {
 public:
  HugePages() = default;
  /// @throws OutOfBudget  the kernel refuses the mapping or does not have enough reserved pages.
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

  /// Maps a part of a file privately over `nbytes` of the memory from `offset`: writes do not reach the file. All three
  /// numbers are multiples of the system's page size, except that `nbytes` may end with the file. Not allowed for
  /// reserved pages.
  /// @throws OutOfBudget  the kernel has no room for another mapping.
  /// @throws IoError      the kernel refuses to map the file.
  void map_file(Bytes offset, int descriptor, Bytes file_offset, Bytes nbytes);

  /// True if a file is mapped at `offset`.
  bool maps_file_at(Bytes offset) const noexcept;

  /// The ranges of the first `nbytes`, rounded up to pages, over which no file is mapped.
  std::vector<std::span<std::byte>> without_files(Bytes nbytes) const;

  /// Replaces all mapped files by zeroed memory.
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
