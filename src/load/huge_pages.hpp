/// HugePages: anonymous host memory that the kernel is asked to back with huge pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <distload/base/bytes.hpp>

namespace distload {

/// Page size that the memory is aligned to: 2 MiB on x86-64 and on arm64 with 4 KiB base pages.
inline constexpr Bytes kHugePageBytes = 2 * kMiB;

/// Zeroed by the kernel when first touched. Filling fresh huge pages is four to five times as fast as filling 4 KiB
/// pages. Move-only.
class HugePages {
 public:
  HugePages() = default;
  /// @throws OutOfBudget  the kernel refuses the mapping.
  explicit HugePages(Bytes nbytes);
  ~HugePages();
  HugePages(HugePages&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapping_bytes_(std::exchange(other.mapping_bytes_, 0)),
        data_(std::exchange(other.data_, nullptr)) {}
  HugePages& operator=(HugePages&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_bytes_, other.mapping_bytes_);
    std::swap(data_, other.data_);
    return *this;
  }
  HugePages(HugePages const&) = delete;
  HugePages& operator=(HugePages const&) = delete;

  /// Aligned to kHugePageBytes; nullptr if empty.
  std::byte* data() const noexcept { return data_; }

 private:
  void* mapping_ = nullptr;
  Bytes mapping_bytes_ = 0;
  std::byte* data_ = nullptr;
};

}  // namespace distload
