/// Every operation of Communicator against what it should give, over MPI with whole messages and with messages cut into
/// small parts.
#include <distload/parallel/communicator.hpp>

#include <array>

#include <gtest/gtest.h>

#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

/// The byte that `from` puts at `index` of its message to `to`.
std::byte byte_of(std::uint32_t from, std::uint32_t to, std::size_t index) {
  return static_cast<std::byte>((from * 131 + to * 31 + index * 7) % 251);
}

std::vector<std::byte> message_between(std::uint32_t from, std::uint32_t to, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = byte_of(from, to, i);
  return bytes;
}

/// The parameter: the size of the parts into which messages are cut.
class CommunicatorTest : public testing::TestWithParam<Bytes> {
 protected:
  std::unique_ptr<MpiCommunicator> const ranks =
      MpiCommunicator::duplicate(MPI_COMM_WORLD, {.piece_bytes = GetParam(), .heartbeat = nullptr});
  std::uint32_t const rank = ranks->rank();
  std::uint32_t const size = ranks->size();
};

INSTANTIATE_TEST_SUITE_P(Whole, CommunicatorTest, testing::Values(kDefaultPieceBytes));
INSTANTIATE_TEST_SUITE_P(InParts, CommunicatorTest, testing::Values(8, 64));

constexpr std::array<std::size_t, 7> kSizes{0, 1, 8, 63, 64, 65, 1000};

TEST_P(CommunicatorTest, BroadcastsFromEveryRoot) {
  for (std::uint32_t root = 0; root < size; ++root) {
    for (auto const nbytes : kSizes) {
      auto const expected = message_between(root, 0, nbytes);
      auto bytes = rank == root ? expected : std::vector<std::byte>(nbytes);
      ranks->broadcast(bytes, root);
      EXPECT_EQ(bytes, expected);
    }
  }
}

TEST_P(CommunicatorTest, GathersInTheOrderOfRanks) {
  for (auto const nbytes : kSizes) {
    std::vector<std::byte> received(nbytes * size);
    ranks->all_gather(message_between(rank, 0, nbytes), received);

    std::vector<std::byte> expected;
    for (std::uint32_t from = 0; from < size; ++from) {
      auto const part = message_between(from, 0, nbytes);
      expected.insert(expected.end(), part.begin(), part.end());
    }
    EXPECT_EQ(received, expected);
  }
}

TEST_P(CommunicatorTest, ReducesElementByElement) {
  for (auto const count : kSizes) {
    std::vector<std::uint64_t> sums(count);
    std::vector<double> largest(count);
    std::vector<float> smallest(count);
    for (std::size_t i = 0; i < count; ++i) {
      sums[i] = (std::uint64_t{1} << 40U) + i * (rank + 1);
      largest[i] = static_cast<double>(i) + 0.5 * rank;
      smallest[i] = static_cast<float>(i) - static_cast<float>(rank);
    }
    ranks->all_reduce(sums, Reduction::sum);
    ranks->all_reduce(largest, Reduction::max);
    ranks->all_reduce(smallest, Reduction::min);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(sums[i], size * (std::uint64_t{1} << 40U) + i * size * (size + 1) / 2);
      EXPECT_EQ(largest[i], static_cast<double>(i) + 0.5 * (size - 1));
      EXPECT_EQ(smallest[i], static_cast<float>(i) - static_cast<float>(size - 1));
    }
  }
}

TEST_P(CommunicatorTest, ExchangesBetweenAllPairs) {
  auto const length = [](std::uint32_t from, std::uint32_t to) -> std::size_t { return (from * 37 + to * 101) % 200; };
  std::vector<std::vector<std::byte>> outgoing(size);
  std::vector<std::vector<std::byte>> incoming(size);
  std::vector<Send> sends;
  std::vector<Receive> receives;
  for (std::uint32_t peer = 0; peer < size; ++peer) {
    if (peer == rank) continue;
    outgoing[peer] = message_between(rank, peer, length(rank, peer));
    incoming[peer].resize(length(peer, rank));
    sends.push_back({peer, outgoing[peer].data(), outgoing[peer].size()});
    receives.push_back({peer, incoming[peer].data(), incoming[peer].size()});
  }
  ranks->exchange(sends, receives);
  for (std::uint32_t peer = 0; peer < size; ++peer) {
    auto const expected = peer == rank ? std::vector<std::byte>() : message_between(peer, rank, length(peer, rank));
    EXPECT_EQ(incoming[peer], expected);
  }
}

TEST_P(CommunicatorTest, MatchesMessagesOfAPairInTheirOrder) {
  std::array<std::size_t, 3> const lengths{100, 0, 17};
  std::array<std::vector<std::byte>, 3> buffers;
  std::vector<Send> sends;
  std::vector<Receive> receives;
  for (std::uint32_t i = 0; i < lengths.size(); ++i) {
    buffers[i] = rank == 0 ? message_between(0, i, lengths[i]) : std::vector<std::byte>(lengths[i]);
    if (rank == 0 && size > 1) sends.push_back({1, buffers[i].data(), lengths[i]});
    if (rank == 1) receives.push_back({0, buffers[i].data(), lengths[i]});
  }
  ranks->exchange(sends, receives);
  if (rank > 1) return;
  for (std::uint32_t i = 0; i < lengths.size(); ++i) EXPECT_EQ(buffers[i], message_between(0, i, lengths[i]));
}

TEST_P(CommunicatorTest, LetsARankTakePartInAnExchangeWithNothing) { EXPECT_NO_THROW(ranks->exchange({}, {})); }

TEST_P(CommunicatorTest, SplitsByColorAndOrdersByKey) {
  // Even and odd ranks, each in reverse order.
  auto const part = ranks->split(rank % 2, size - rank);
  std::vector<std::uint64_t> members(part->size());
  std::uint64_t const me = rank;
  part->all_gather(std::as_bytes(std::span(&me, 1)), std::as_writable_bytes(std::span(members)));

  std::vector<std::uint64_t> expected;
  for (auto member = size; member-- > 0;) {
    if (member % 2 == rank % 2) expected.push_back(member);
  }
  EXPECT_EQ(members, expected);
  EXPECT_EQ(members.at(part->rank()), rank);
}

TEST_P(CommunicatorTest, Meets) { EXPECT_NO_THROW(ranks->barrier()); }

TEST_P(CommunicatorTest, ServesHostMemory) { EXPECT_FALSE(ranks->serves_device_memory()); }

}  // namespace
}  // namespace distload
