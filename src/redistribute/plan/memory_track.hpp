/// MemoryTrack: how much memory every rank has during a redistribution. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// The most staging memory that each rank has in a wave. The waves of a rank ascend.
class StagingTrack {
 public:
  explicit StagingTrack(std::uint32_t ranks) : fills_(ranks) {}

  void add(std::uint32_t rank, std::uint32_t wave, Bytes nbytes) {
    auto& fill = fills_[rank];
    fill.now = (fill.wave == wave ? fill.now : 0) + nbytes;
    fill.wave = wave;
    fill.peak = std::max(fill.peak, fill.now);
  }
  Bytes peak(std::uint32_t rank) const noexcept { return fills_[rank].peak; }

 private:
  struct Fill {
    std::uint32_t wave = 0;
    Bytes now = 0;
    Bytes peak = 0;
  };

  std::vector<Fill> fills_;
};

/// Counts, wave by wave, what the ranks' targets gain and what their sources give back.
class MemoryTrack {
 public:
  explicit MemoryTrack(std::uint32_t ranks) : ranks_(ranks) {}

  /// The target of a rank gains bytes in a wave.
  void add(std::uint32_t wave, std::uint32_t rank, Bytes nbytes) { at(wave, rank).gained += nbytes; }
  /// The source of a rank needs bytes no more after a wave.
  void release(std::uint32_t wave, std::uint32_t rank, Bytes nbytes) { at(wave, rank).released += nbytes; }
  /// The source of a rank never needs bytes.
  void release_first(std::uint32_t rank, Bytes nbytes) {
    if (first_.size() < ranks_) first_.resize(ranks_);
    first_[rank] += nbytes;
  }

  /// The most that each rank has of source and target at a time. `sources`: by rank, before.
  std::vector<Bytes> peaks(std::span<Bytes const> sources) const;

 private:
  struct Change {
    Bytes gained = 0;
    Bytes released = 0;
  };

  Change& at(std::uint32_t wave, std::uint32_t rank) {
    auto const index = std::size_t{wave} * ranks_ + rank;
    if (changes_.size() <= index) changes_.resize(std::size_t{wave + 1} * ranks_);
    return changes_[index];
  }

  std::uint32_t ranks_;
  std::vector<Bytes> first_;
  std::vector<Change> changes_;  ///< by wave, then by rank
};

}  // namespace distload
