/// SharedGroup: what the ranks of a communicator share, in memory of all their processes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <nccl.h>

namespace nccl_double {

/// How a message begins; sender and receiver compare it.
struct Head {
  std::uint32_t kind = 0;   ///< an Operation
  std::uint32_t type = 0;   ///< ncclDataType_t
  std::uint64_t count = 0;  ///< elements
  /// Of collectives: their number in the communicator, and the root or the reduction.
  std::uint64_t number = 0;
  std::uint32_t detail = 0;

  bool operator==(Head const&) const = default;
};

/// One direction between two ranks: chunks of messages, in order. The sender fills chunk n when n - kSlots have been
/// taken.
struct Channel {
  static constexpr std::size_t kSlots = 2;
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;

  std::atomic<std::uint64_t> filled;
  std::atomic<std::uint64_t> taken;
  std::array<Head, kSlots> heads;
  alignas(4096) std::array<std::array<std::byte, kChunkBytes>, kSlots> chunks;
};

/// Where another process finds a group.
struct GroupPlace {
  std::int32_t process = 0;
  std::int32_t descriptor = -1;
};

/// What a rank tells the others.
struct RankRecord {
  std::atomic<std::int32_t> ranks_of_group;  ///< 0: it has not joined
  /// Of its split number n in entry n % 2: NCCL's arguments, and where the new group is, by its first rank.
  struct Split {
    std::atomic<std::uint64_t> number;  ///< 0: not yet; written last
    std::int32_t color;
    std::int32_t key;
    std::atomic<std::uint64_t> place_number;  ///< of the split that `place` belongs to
    GroupPlace place;
  };
  std::array<Split, 2> splits;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "processes cannot share locks");

/// A new group, empty. Its descriptor stays open until the process ends.
GroupPlace make_group();

class SharedGroup {
 public:
  /// Opens a group of `size` ranks. @throws std::runtime_error
  SharedGroup(GroupPlace place, int size);
  ~SharedGroup() = default;  // the memory stays mapped until the process ends: streams may still refer to it
  SharedGroup(SharedGroup const&) = delete;
  SharedGroup& operator=(SharedGroup const&) = delete;

  int size() const noexcept { return size_; }
  RankRecord& record(int rank) const noexcept { return records_[rank]; }
  Channel& channel(int from, int to) const noexcept { return channels_[from * size_ + to]; }

 private:
  int size_;
  RankRecord* records_ = nullptr;
  Channel* channels_ = nullptr;
};

}  // namespace nccl_double
