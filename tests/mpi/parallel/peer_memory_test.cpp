// Writing to the memory of other ranks, as their loads have it: whole, in many small runs, and where it is refused.
#include "parallel/peer_memory.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <distload/base/error.hpp>

#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

class PeerMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ranks_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {.piece_bytes = 512, .heartbeat = nullptr});
    if (auto const why = why_not_peer_memory(*ranks_)) GTEST_SKIP() << *why;
  }

  /// What `from` writes at `offset` of any rank's memory.
  static std::byte pattern(std::uint32_t from, Bytes offset) {
    return static_cast<std::byte>(7 * from + 3 * offset + 1);
  }

  std::unique_ptr<MpiCommunicator> ranks_;
};

TEST_F(PeerMemoryTest, WritesToEveryRankAtItsPlace) {
  constexpr Bytes kPart = 3 * kMiB + 5;  // ends inside a page
  std::vector<std::byte> memory(kPart * ranks_->size());
  PeerMemory const peers(*ranks_, 10 + ranks_->rank(), memory);
  std::vector<std::byte> mine(kPart);
  for (Bytes i = 0; i < kPart; ++i) mine[i] = pattern(ranks_->rank(), i);
  for (std::uint32_t peer = 0; peer < ranks_->size(); ++peer) {
    PeerWrite const write{mine.data(), kPart * ranks_->rank(), kPart};
    EXPECT_NO_THROW(peers.write(10 + peer, {&write, 1}));
  }
  ranks_->barrier();
  for (std::uint32_t from = 0; from < ranks_->size(); ++from) {
    Bytes wrong = 0;
    for (Bytes i = 0; i < kPart; ++i) wrong += memory[kPart * from + i] != pattern(from, i) ? 1U : 0U;
    EXPECT_EQ(wrong, 0U) << "from rank " << from;
  }
  ranks_->barrier();
}

TEST_F(PeerMemoryTest, WritesMoreRunsThanTheKernelTakesAtATime) {
  // Every second three bytes of the source, to neighbours here, and apart from each other there.
  constexpr Bytes kRuns = 5000;
  constexpr Bytes kRun = 3;
  std::vector<std::byte> memory(3 * kRuns * kRun);
  PeerMemory const peers(*ranks_, ranks_->rank(), memory);
  auto const next = (ranks_->rank() + 1) % ranks_->size();
  auto const previous = (ranks_->rank() + ranks_->size() - 1) % ranks_->size();
  std::vector<std::byte> mine(2 * kRuns * kRun);
  for (Bytes i = 0; i < mine.size(); ++i) mine[i] = pattern(ranks_->rank(), i);
  std::vector<PeerWrite> writes;
  for (Bytes i = 0; i < kRuns; ++i) writes.push_back({mine.data() + 2 * i * kRun, i * kRun, kRun});
  for (Bytes i = 0; i < kRuns; ++i) writes.push_back({mine.data() + 2 * i * kRun, (kRuns + 2 * i) * kRun, kRun});
  EXPECT_NO_THROW(peers.write(next, writes));
  ranks_->barrier();
  Bytes wrong = 0;
  for (Bytes i = 0; i < kRuns; ++i) {
    for (Bytes byte = 0; byte < kRun; ++byte) {
      auto const expected = pattern(previous, 2 * i * kRun + byte);
      wrong += memory[i * kRun + byte] != expected ? 1U : 0U;
      wrong += memory[(kRuns + 2 * i) * kRun + byte] != expected ? 1U : 0U;
      if (i + 1 < kRuns) wrong += memory[(kRuns + 2 * i + 1) * kRun + byte] != std::byte{0} ? 1U : 0U;
    }
  }
  EXPECT_EQ(wrong, 0U);
  ranks_->barrier();
}

TEST_F(PeerMemoryTest, RefusesWhatIsBehindTheMemory) {
  std::vector<std::byte> memory(100);
  PeerMemory const peers(*ranks_, ranks_->rank(), memory);
  std::vector<std::byte> const mine(101);
  for (auto const& [offset, nbytes] : {std::pair<Bytes, Bytes>{0, 101}, {100, 1}, {~Bytes{0}, 2}}) {
    PeerWrite const write{mine.data(), offset, nbytes};
    EXPECT_THROW(peers.write(ranks_->rank(), {&write, 1}), InternalError) << offset;
  }
  ranks_->barrier();
}

TEST_F(PeerMemoryTest, TellsOfMemoryThatIsGone) {
  constexpr Bytes kBytes = 64 * kKiB;
  auto* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  PeerMemory const peers(*ranks_, ranks_->rank(), {static_cast<std::byte*>(memory), kBytes});
  munmap(static_cast<std::byte*>(memory) + kBytes / 2, kBytes / 2);
  ranks_->barrier();
  std::vector<std::byte> const mine(kBytes);
  PeerWrite const write{mine.data(), 0, kBytes};
  EXPECT_THROW(peers.write((ranks_->rank() + 1) % ranks_->size(), {&write, 1}), CommunicationError);
  ranks_->barrier();
  munmap(memory, kBytes / 2);
}

}  // namespace
}  // namespace distload
