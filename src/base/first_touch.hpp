/// FirstTouch: populates the pages of new memory piece by piece, with the pages that are faster.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>

#include "base/page_choice.hpp"

namespace distload {

/// The kernel zeroes a page at its first access, and the thread waits for that. Populating many pages in one call costs
/// less than accessing them one by one. Contents are not changed, so that other threads may fill the same memory
/// meanwhile. Not movable.
class FirstTouch {
 public:
  /// @param ranges  new memory, ascending; must stay mapped as long as the object lives
  /// @param choice  outlives the object
  FirstTouch(std::vector<std::span<std::byte>> const& ranges, PageChoice& choice);

  /// Ends the thread of `start` within the few milliseconds of its current piece.
  ~FirstTouch() = default;
  FirstTouch(FirstTouch const&) = delete;
  FirstTouch& operator=(FirstTouch const&) = delete;

  /// Starts a thread of low priority that populates, in this order: the memory outside of `prepared`, from the front;
  /// and, with `helps`, `prepared`, from the back. Other threads `prepare` that memory from the front while they fill
  /// it, so that no thread waits for pages that another one populates.
  void start(std::span<std::span<std::byte const> const> prepared, bool helps);
  /// Waits until that thread has ended.
  void finish() {
    if (thread_.joinable()) thread_.join();
  }

  /// Populates the pieces that `bytes` touches, except those that another thread has begun. Memory outside of the
  /// ranges is ignored. Called by any thread before it writes to `bytes`.
  void prepare(std::span<std::byte const> bytes);

 private:
  struct Piece {
    std::byte* begin = nullptr;
    Bytes nbytes = 0;
    PageSize advised = PageSize::small;
  };

  /// The numbers of the pieces that `bytes` touches: from the first one to behind the last one.
  std::pair<std::size_t, std::size_t> pieces_of(std::span<std::byte const> bytes) const;
  void populate(std::size_t piece);

  PageChoice& choice_;
  std::vector<Piece> pieces_;                   ///< ascending
  std::unique_ptr<std::atomic<bool>[]> begun_;  ///< by piece
  std::jthread thread_;
};

}  // namespace distload
