// Redistributor on a tiny llama: the outcome has the bytes of a load in its topology.
#include <distload/redistribute/redistributor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/thrown_message.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

class RedistributorTest : public MpiSuite {
 protected:
  void SetUp() override {
    if (world().rank() == 0) testing::write_tiny_llama(scratch_.path());
    world().barrier();
  }

  static Communicator& world() { return ranks(); }

  LoaderOptions settings() const {
    LoaderOptions options;
    options.checkpoint.path = scratch_.path();
    options.load.staging = 16 * kMiB;
    options.load.engine = ReadEngine::buffered;
    return options;
  }

  /// Collective over `group`: the model loaded by its ranks.
  ShardedModel load(Communicator& group, Topology const& topology, LoaderOptions const& options) const {
    auto const node = mpi_->node().split(number_of(group), mpi_->node().rank());
    ProcessGrid const grid(group, *node, topology);
    return std::move(Loader(grid, options).load().model);
  }
  ShardedModel load(Topology const& topology, LoaderOptions const& options) const {
    ProcessGrid const grid(world(), mpi_->node(), topology);
    return std::move(Loader(grid, options).load().model);
  }
  ShardedModel load(Topology const& topology) const { return load(topology, settings()); }

  /// A number that the ranks of the group share and others do not.
  static std::uint32_t number_of(Communicator const& group) { return group.size(); }

  /// Every way to arrange the ranks, with up to three stages.
  static std::vector<Topology> topologies() {
    std::vector<Topology> all;
    auto const n = world().size();
    for (std::uint32_t tensor = 1; tensor <= n; ++tensor) {
      for (std::uint32_t pipeline = 1; pipeline <= 3; ++pipeline) {
        if (n % (tensor * pipeline) != 0 || 8 % tensor != 0) continue;
        all.push_back({tensor, pipeline, n / (tensor * pipeline)});
      }
    }
    return all;
  }

  static std::string text(Topology const& topology) {
    return "tensor " + std::to_string(topology.tensor_parallel) + ", pipeline " +
           std::to_string(topology.pipeline_parallel) + ", data " + std::to_string(topology.data_parallel);
  }

  static void expect_same(ShardedModel const& model, ShardedModel const& expected) {
    ASSERT_EQ(model.shards().size(), expected.shards().size());
    for (auto const& shard : expected.shards()) {
      auto const* const found = model.find(shard.name);
      ASSERT_NE(found, nullptr) << shard.name;
      EXPECT_EQ(found->dtype, shard.dtype) << shard.name;
      EXPECT_EQ(found->shape, shard.shape) << shard.name;
      EXPECT_EQ(found->layout, shard.layout) << shard.name;
      auto const bytes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.bytes(*found));
      auto const wanted = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), expected.bytes(shard));
      ASSERT_EQ(bytes.size(), wanted.size()) << shard.name;
      EXPECT_EQ(std::memcmp(bytes.data(), wanted.data(), bytes.size()), 0) << shard.name;
    }
  }

  ScratchDirectory const scratch_{world()};
};

/// Ways to move bytes.
struct Way {
  bool peer_writes;
  bool share;
  bool in_place;
};
constexpr Way kWays[]{{true, true, false}, {false, false, false}, {true, false, true}, {false, true, true}};

TEST_F(RedistributorTest, GivesWhatALoadInTheOtherTopologyGives) {
  for (auto const& to : topologies()) {
    auto const expected = load(to);
    for (auto const& from : topologies()) {
      auto const source = load(from);
      for (auto const& way : kWays) {
        RedistributeOptions options;
        options.peer_writes = way.peer_writes;
        options.share = way.share;
        options.verify = true;
        Redistributor redistributor(world(), mpi_->node(), options);
        auto const made = way.in_place ? redistributor.redistribute_in_place(load(from), to)
                                       : redistributor.redistribute(source, to);
        SCOPED_TRACE(text(from) + " -> " + text(to) + (way.peer_writes ? ", peers" : ", messages") +
                     (way.in_place ? ", in place" : ""));
        EXPECT_EQ(made.times.sent_bytes, made.times.needed_bytes);
        expect_same(*made.model, expected);
        if (from == to && way.share) {
          EXPECT_EQ(made.times.sent_bytes + made.times.local_bytes, 0U);
        }
      }
    }
  }
}

}  // namespace
}  // namespace distload
