/// The groups of a process grid, for every way to arrange the ranks.
#include <distload/parallel/process_grid.hpp>

#include <vector>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

class ProcessGridTest : public testing::Test {
 protected:
  std::unique_ptr<MpiCommunicator> const world = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::unique_ptr<MpiCommunicator> const node = world->split_by_node();

  /// The ranks in `world` of the members of `group`.
  std::vector<std::uint32_t> members(Communicator& group) {
    std::vector<std::uint32_t> ranks(group.size());
    auto const me = world->rank();
    group.all_gather(std::as_bytes(std::span(&me, 1)), std::as_writable_bytes(std::span(ranks)));
    return ranks;
  }

  std::string refusal(Topology const& topology) {
    try {
      ProcessGrid const grid(*world, *node, topology);
      return "accepted";
    } catch (ConfigError const& error) {
      return error.what();
    }
  }
};

std::vector<Topology> topologies_of(std::uint32_t ranks) {
  std::vector<Topology> all;
  for (std::uint32_t tensor = 1; tensor <= ranks; ++tensor) {
    for (std::uint32_t pipeline = 1; pipeline <= ranks; ++pipeline) {
      if (ranks % (tensor * pipeline) == 0) all.push_back({tensor, pipeline, ranks / (tensor * pipeline)});
    }
  }
  return all;
}

TEST_F(ProcessGridTest, GroupsTheRanksThatDifferInOneCoordinate) {
  for (auto const& topology : topologies_of(world->size())) {
    ProcessGrid const grid(*world, *node, topology);
    auto const& at = grid.coordinates();
    EXPECT_EQ(at, coordinates_of(topology, world->rank()));
    EXPECT_EQ(rank_of(topology, at), world->rank());

    std::vector<std::uint32_t> tensor;
    std::vector<std::uint32_t> data;
    std::vector<std::uint32_t> pipeline;
    for (std::uint32_t i = 0; i < topology.tensor_parallel; ++i)
      tensor.push_back(rank_of(topology, {i, at.data, at.pipeline}));
    for (std::uint32_t i = 0; i < topology.data_parallel; ++i)
      data.push_back(rank_of(topology, {at.tensor, i, at.pipeline}));
    for (std::uint32_t i = 0; i < topology.pipeline_parallel; ++i)
      pipeline.push_back(rank_of(topology, {at.tensor, at.data, i}));
    EXPECT_EQ(members(grid.tensor()), tensor);
    EXPECT_EQ(members(grid.data()), data);
    EXPECT_EQ(members(grid.pipeline()), pipeline);
    EXPECT_EQ(grid.tensor().rank(), at.tensor);
    EXPECT_EQ(grid.data().rank(), at.data);
    EXPECT_EQ(grid.pipeline().rank(), at.pipeline);
  }
}

TEST_F(ProcessGridTest, KnowsItsPlaceOnTheNode) {
  ProcessGrid const grid(*world, *node, {world->size(), 1, 1});
  EXPECT_EQ(grid.node_rank(), node->rank());
  EXPECT_EQ(grid.node_size(), node->size());
  EXPECT_FALSE(grid.host_name().empty());
}

TEST_F(ProcessGridTest, RefusesANodeWithOtherRanks) {
  if (world->size() == 1) GTEST_SKIP() << "needs a rank outside of the group";
  auto const alone = world->split(world->rank(), 0);
  EXPECT_THROW(ProcessGrid(*alone, *node, {1, 1, 1}), ConfigError);
  EXPECT_NO_THROW(ProcessGrid(*alone, *alone, {1, 1, 1}));
}

TEST_F(ProcessGridTest, RefusesAnotherNumberOfRanks) {
  EXPECT_THAT(refusal({world->size() + 1, 1, 1}),
              testing::HasSubstr("tensor_parallel " + std::to_string(world->size() + 1)));
  EXPECT_THAT(refusal({1, 2, world->size()}), testing::HasSubstr("needs " + std::to_string(2 * world->size())));
  EXPECT_THAT(refusal({0, 1, 1}), testing::HasSubstr("leaves nobody"));
}

TEST_F(ProcessGridTest, RefusesProductsThatOverflow) {
  // In 32 bits the product would be right.
  EXPECT_NE(refusal({1U << 31U, 2, 1}), "accepted");
  EXPECT_NE(refusal({0xffffffffU, 0xffffffffU, world->size()}), "accepted");
}

}  // namespace
}  // namespace distload
