/// RawMemory: host memory in pages of a chosen kind, without distload's own memory code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <distload/base/bytes.hpp>

namespace distload {

/// The pages that the kernel is asked for.
enum class PageKind : std::uint8_t { small, huge };

/// "4 KiB pages", "huge pages"
std::string_view name_of(PageKind pages) noexcept;

/// Zeroed memory, aligned to 2 MiB; it has no pages until it is used. Move-only.
class RawMemory {
 public:
  RawMemory() = default;
  /// @throws OutOfBudget  the kernel refuses the mapping.
  RawMemory(Bytes nbytes, PageKind pages);
  ~RawMemory();
  RawMemory(RawMemory&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapping_bytes_(std::exchange(other.mapping_bytes_, 0)),
        data_(std::exchange(other.data_, nullptr)),
        nbytes_(std::exchange(other.nbytes_, 0)) {}
  RawMemory& operator=(RawMemory&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_bytes_, other.mapping_bytes_);
    std::swap(data_, other.data_);
    std::swap(nbytes_, other.nbytes_);
    return *this;
  }
  RawMemory(RawMemory const&) = delete;
  RawMemory& operator=(RawMemory const&) = delete;

  /// nullptr if empty.
  std::byte* data() const noexcept { return data_; }
  Bytes nbytes() const noexcept { return nbytes_; }

  /// Writes to every page.
  void touch() const noexcept;

 private:
  void* mapping_ = nullptr;
  Bytes mapping_bytes_ = 0;
  std::byte* data_ = nullptr;
  Bytes nbytes_ = 0;
};

/// Memory in huge pages that has been touched.
RawMemory touched_memory(Bytes nbytes);

}  // namespace distload
