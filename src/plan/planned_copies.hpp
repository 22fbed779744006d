/// PlannedCopies: a compact list of the copies of a wave, which stores only the loops that each copy has. A plan for a
/// thousand ranks contains a hundred thousand copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <vector>

#include <distload/base/bytes.hpp>

#include "tensor/cast.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// The memory areas of a rank that a plan addresses.
enum class Area : std::uint8_t {
  arena,    ///< the shards
  staging,  ///< the wave's slot: bytes read for others or not in their final form; packed and received messages
  mapped,   ///< the checkpoint's files at `mapped_offsets`; read-only
  passing,  ///< no address: bytes are copied step by step while they are read, from the cache of a core
  source,   ///< the shards of a model that is redistributed; read-only
};

/// A strided copy between areas: packing (arena, source or staging to staging), placing (staging, source or mapped to
/// arena) or scattering (passing to the arena of this or another rank).
struct PlannedCopy {
  Area source = Area::staging;
  Area destination = Area::arena;
  StridedCopy copy;
  std::optional<Cast> cast;  ///< if placing, or packing from `Area::source`
};

/// Supports appending and iteration in order.
class PlannedCopies {
  struct Entry {
    Bytes source_offset = 0;
    Bytes destination_offset = 0;
    Bytes run_bytes = 0;
    Area source = Area::staging;
    Area destination = Area::arena;
    std::uint8_t loop_count = 0;
    std::optional<Cast> cast;
  };

 public:
  class Iterator {
   public:
    using value_type = PlannedCopy;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = void;
    using reference = PlannedCopy;

    PlannedCopy operator*() const;
    Iterator& operator++() {
      loop_ += entry_->loop_count;
      ++entry_;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(Iterator const& a, Iterator const& b) { return a.entry_ == b.entry_; }

   private:
    friend class PlannedCopies;
    Iterator(Entry const* entry, StridedCopy::Loop const* loop) : entry_(entry), loop_(loop) {}

    Entry const* entry_;
    StridedCopy::Loop const* loop_;
  };

  void push_back(PlannedCopy const& planned);
  void shrink_to_fit();

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  Iterator begin() const noexcept { return {entries_.data(), loops_.data()}; }
  Iterator end() const noexcept { return {entries_.data() + entries_.size(), nullptr}; }

  /// Memory allocated by the list.
  Bytes capacity_bytes() const noexcept {
    return entries_.capacity() * sizeof(Entry) + loops_.capacity() * sizeof(StridedCopy::Loop);
  }

 private:
  std::vector<Entry> entries_;
  std::vector<StridedCopy::Loop> loops_;  ///< of all entries, consecutively
};

}  // namespace distload
