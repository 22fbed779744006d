/// HostMemory: anonymous memory whose pages the kernel gives at the first access.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// Alignment of the memory: 2 MiB, the huge page size of x86-64 and of arm64 with 4 KiB base pages.
inline constexpr Bytes kHugePageBytes = 2 * kMiB;

/// The first multiple of kHugePageBytes from `address` on.
inline std::byte* next_huge_page(std::byte* address) noexcept {
  auto const number = reinterpret_cast<std::uintptr_t>(address);
  return address + (round_up(number, kHugePageBytes) - number);
}

/// The pages that memory gets at the first access.
enum class PageSize : std::uint8_t {
  small,     ///< pages of the system's page size
  huge,      ///< transparent huge pages, as far as the kernel has free ones
  reserved,  ///< huge pages that the administrator has reserved (hugetlbfs, vm.nr_hugepages)
};

/// Memory that the kernel zeroes at the first access. Move-only.
class HostMemory {
 public:
  HostMemory() = default;
  /// @throws OutOfBudget  the kernel refuses the mapping or does not have enough reserved pages.
  HostMemory(Bytes nbytes, PageSize size);
  ~HostMemory();
  HostMemory(HostMemory&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapping_bytes_(std::exchange(other.mapping_bytes_, 0)),
        data_(std::exchange(other.data_, nullptr)),
        size_(other.size_),
        files_(std::exchange(other.files_, {})) {}
  HostMemory& operator=(HostMemory&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_bytes_, other.mapping_bytes_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(files_, other.files_);
    return *this;
  }
  HostMemory(HostMemory const&) = delete;
  HostMemory& operator=(HostMemory const&) = delete;

  /// Aligned to kHugePageBytes; nullptr if empty.
  std::byte* data() const noexcept { return data_; }

  /// Maps a part of a file privately over `nbytes` of the memory from `offset`: writes do not reach the file. All three
  /// numbers are multiples of the system's page size, except that `nbytes` may end with the file. Files are mapped at
  /// ascending offsets. Not allowed for reserved pages.
  /// @throws OutOfBudget  the kernel has no room for another mapping.
  /// @throws IoError      the kernel refuses to map the file.
  void map_file(Bytes offset, int descriptor, Bytes file_offset, Bytes nbytes);

  /// True if a file is mapped at `offset`.
  bool maps_file_at(Bytes offset) const noexcept;

  /// Replaces all mapped files by zeroed memory.
  /// @throws OutOfBudget  the kernel refuses.
  void unmap_files();

 private:
  struct Range {
    std::byte* begin = nullptr;
    Bytes nbytes = 0;
  };

  void map_anonymous(Bytes nbytes);
  void map_reserved(Bytes nbytes);

  void* mapping_ = nullptr;
  Bytes mapping_bytes_ = 0;
  std::byte* data_ = nullptr;
  PageSize size_ = PageSize::small;
  std::vector<Range> files_;  ///< where files are mapped; ascending
};

/// Asks for small or huge pages where `memory` has no pages yet. A kernel without transparent huge pages gives small
/// pages.
void advise_page_size(std::span<std::byte> memory, PageSize size) noexcept;

/// Populates the pages of `memory`, which begins at a page; does not change contents. False if the kernel cannot do
/// that (Linux before 5.14) or has no memory; in the latter case an access fails.
bool populate_pages(std::span<std::byte> memory) noexcept;

/// Gives whole pages of private memory back to the system; the next access finds zeros.
void drop_host_pages(std::span<std::byte> memory) noexcept;

/// False if the administrator has turned transparent huge pages off (/sys/kernel/mm/transparent_hugepage/enabled) or
/// the kernel has none.
bool has_transparent_huge_pages();

}  // namespace distload
