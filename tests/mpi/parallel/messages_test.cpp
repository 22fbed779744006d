/// Messages whose length only their sender knows.
#include <distload/parallel/communicator.hpp>

#include <gtest/gtest.h>

#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

std::vector<std::byte> message_from(std::uint32_t rank) {
  // Rank 0 says nothing at all.
  return std::vector<std::byte>(rank * 1000, static_cast<std::byte>(rank));
}

TEST(BroadcastMessage, BringsEveryRootsMessageToAll) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {.piece_bytes = 512, .heartbeat = nullptr});
  for (std::uint32_t root = 0; root < ranks->size(); ++root) {
    EXPECT_EQ(broadcast_message(*ranks, message_from(ranks->rank()), root), message_from(root));
  }
}

TEST(GatherMessages, BringsAllMessagesToTheRootOnly) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {.piece_bytes = 512, .heartbeat = nullptr});
  for (std::uint32_t root = 0; root < ranks->size(); ++root) {
    auto const messages = gather_messages(*ranks, message_from(ranks->rank()), root);
    if (ranks->rank() != root) {
      EXPECT_TRUE(messages.empty());
      continue;
    }
    EXPECT_EQ(messages.size(), ranks->size());
    for (std::uint32_t rank = 0; rank < messages.size(); ++rank) EXPECT_EQ(messages[rank], message_from(rank));
  }
}

}  // namespace
}  // namespace distload
