// Plans of redistributions between all topologies up to eight ranks: every byte arrives, each that is lacking once.
#include "redistribute/plan/make_redistribute_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "plan/plan_options.hpp"
#include "redistribute/plan/needed_bytes.hpp"
#include "redistribution_simulation.hpp"
#include "small_models.hpp"
#include "support/thrown_message.hpp"

namespace distload::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Topology> topologies(SmallModel const& model, std::uint32_t most) {
  std::vector<Topology> all;
  for (auto const tensor : model.tensor_parallels) {
    for (std::uint32_t pipeline = 1; pipeline <= 3; ++pipeline) {
      for (std::uint32_t data = 1; tensor * pipeline * data <= most; ++data) all.push_back({tensor, pipeline, data});
    }
  }
  return all;
}

std::string text(Topology const& topology) {
  return std::to_string(topology.tensor_parallel) + "x" + std::to_string(topology.pipeline_parallel) + "x" +
         std::to_string(topology.data_parallel) + ", experts " + std::to_string(topology.expert_parallel);
}

/// `count` ranks from `first` on.
std::vector<std::uint32_t> ranks_from(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> ranks(count);
  std::iota(ranks.begin(), ranks.end(), first);
  return ranks;
}

std::optional<std::uint32_t> number_in(std::vector<std::uint32_t> const& ranks, std::uint32_t rank) {
  auto const found = std::ranges::find(ranks, rank);
  if (found == ranks.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - ranks.begin());
}

RedistributePlanOptions small_options() {
  RedistributePlanOptions options;
  options.staging_bytes = 4096;
  options.piece_bytes = 500;
  options.in_place_bytes = 256;
  options.least_peer_run = 8;
  return options;
}

/// Every option, in turn.
RedistributePlanOptions options_of(std::uint32_t number) {
  auto options = small_options();
  options.shares = (number & 1U) != 0;
  options.frees_source = (number & 2U) != 0;
  options.reads_from_peers = (number & 4U) != 0;
  options.verifies = (number & 8U) != 0;
  return options;
}

void expect_right(Scenario const& scenario) {
  auto const outcome = simulate(scenario);
  EXPECT_THAT(outcome.faults, IsEmpty()) << text(scenario.source.topology) << " -> " << text(scenario.target.topology);
  Bytes sent = 0;
  Bytes received = 0;
  for (std::uint32_t rank = 0; rank < outcome.plans.size(); ++rank) {
    sent += outcome.plans[rank].ranks[rank].sent_bytes;
    received += outcome.plans[rank].ranks[rank].received_bytes;
  }
  EXPECT_EQ(sent, outcome.needed_bytes);
  EXPECT_EQ(received, outcome.needed_bytes);
  Bytes needed = 0;
  for (std::uint32_t rank = 0; rank < outcome.plans.size(); ++rank) {
    needed += needed_bytes(scenario.source, number_in(scenario.source_ranks, rank), scenario.target,
                           number_in(scenario.target_ranks, rank));
  }
  EXPECT_EQ(needed, outcome.needed_bytes);
}

/// From every topology to a few others, on ranks that are the same, overlap, or are disjoint, with changing options.
void expect_right_between_all(SmallModel const& model, std::vector<Topology> const& all, std::uint32_t step) {
  std::vector<Side> sides;
  for (auto const& topology : all) sides.push_back(make_side(*model.recipe, topology));
  std::uint32_t number = 0;
  for (std::size_t from = 0; from < sides.size(); ++from) {
    for (std::size_t to = from % step; to < sides.size(); to += step) {
      ++number;
      auto const source = all[from].ranks();
      auto const first = std::vector<std::uint32_t>{0, source / 2, source}[number % 3];
      Scenario scenario{.source = sides[from],
                        .target = sides[to],
                        .source_ranks = ranks_from(0, source),
                        .target_ranks = ranks_from(first, all[to].ranks()),
                        .node_of = {},
                        .options = options_of(number)};
      if (number % 2 == 0) std::ranges::reverse(scenario.target_ranks);
      for (std::uint32_t rank = 0; rank < scenario.ranks(); ++rank) scenario.node_of.push_back(rank / 3);
      expect_right(scenario);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(RedistributePlan, MovesALlamaBetweenAllNumbersOfTensorParallelRanks) {
  auto const model = small_llama();
  std::vector<Topology> all;
  for (std::uint32_t ranks = 1; ranks <= 8; ++ranks) all.push_back({ranks, 1, 1});
  expect_right_between_all(model, all, 1);
}

TEST(RedistributePlan, MovesALlamaBetweenAllTopologies) {
  auto const model = small_llama();
  expect_right_between_all(model, topologies(model, 8), 13);
}

TEST(RedistributePlan, MovesShardsWhosePartsAreNotContiguous) {
  auto const model = small_gpt2();
  expect_right_between_all(model, topologies(model, 8), 7);
}

TEST(RedistributePlan, MovesExperts) {
  for (auto const& model : {small_mixtral(), small_mixtral_together()}) {
    std::vector<Topology> all;
    for (auto topology : topologies(model, 4)) {
      for (std::uint32_t experts = 1; experts <= topology.stage_ranks(); ++experts) {
        if (topology.stage_ranks() % experts != 0 || 8 % experts != 0) continue;
        topology.expert_parallel = experts;
        all.push_back(topology);
      }
    }
    expect_right_between_all(model, all, 5);
  }
}

TEST(RedistributePlan, FusesSplitsTransposesAndCasts) {
  auto const llama = small_llama();
  auto const phi3 = small_phi3();
  LayoutOptions fused;
  fused.fuse = {"qkv", "gate_up"};
  LayoutOptions split;
  split.split = {"qkv", "gate_up"};
  LayoutOptions transposed;
  transposed.transpose = true;
  auto fused_and_transposed = fused;
  fused_and_transposed.transpose = true;
  std::vector<Topology> const all{{1, 1, 1}, {2, 3, 1}, {4, 1, 2}};
  std::uint32_t number = 0;
  auto const check = [&](ModelRecipe const& source, ModelRecipe const& target) {
    for (auto const& from : all) {
      for (auto const& to : all) {
        expect_right({.source = make_side(source, from),
                      .target = make_side(target, to),
                      .source_ranks = ranks_from(0, from.ranks()),
                      .target_ranks = ranks_from(number % 3, to.ranks()),
                      .node_of = {},
                      .options = options_of(number)});
        ++number;
      }
    }
  };
  check(*llama.recipe, changed(llama, fused));
  check(changed(llama, fused), *llama.recipe);
  check(changed(llama, fused), changed(llama, fused));
  check(*llama.recipe, changed(llama, transposed));
  check(changed(llama, transposed), *llama.recipe);
  check(changed(llama, fused_and_transposed), changed(llama, transposed));
  check(*phi3.recipe, changed(phi3, split));
  check(changed(phi3, split), *phi3.recipe);
  check(*llama.recipe, changed(llama, {}, DType::bf16));
  check(*llama.recipe, changed(llama, fused_and_transposed, DType::bf16));
}

TEST(RedistributePlan, LeavesUnchangedShardsWhereTheyAre) {
  auto const model = small_llama();
  Scenario scenario{.source = make_side(*model.recipe, {2, 1, 1}),
                    .target = make_side(*model.recipe, {2, 1, 2}),
                    .source_ranks = {0, 1},
                    .target_ranks = {0, 1, 2, 3},
                    .node_of = {},
                    .options = small_options()};
  auto const outcome = simulate(scenario);
  EXPECT_THAT(outcome.faults, IsEmpty());
  for (std::uint32_t rank : {0U, 1U}) {
    auto const& plan = outcome.plans[rank];
    EXPECT_EQ(plan.arena_bytes, 0U);
    EXPECT_EQ(plan.ranks[rank].local_bytes, 0U);
    EXPECT_EQ(plan.ranks[rank].shared_bytes, plan.ranks[rank].source_bytes);
  }
  for (std::uint32_t rank : {2U, 3U}) EXPECT_GT(outcome.plans[rank].arena_bytes, 0U);
}

TEST(RedistributePlan, SharesTheSendingAmongReplicas) {
  auto const model = small_llama();
  Scenario scenario{.source = make_side(*model.recipe, {1, 1, 4}),
                    .target = make_side(*model.recipe, {1, 1, 4}),
                    .source_ranks = {0, 1, 2, 3},
                    .target_ranks = {4, 5, 6, 7},
                    .node_of = {},
                    .options = small_options()};
  auto const outcome = simulate(scenario);
  EXPECT_THAT(outcome.faults, IsEmpty());
  std::vector<Bytes> sent;
  for (std::uint32_t rank = 0; rank < 4; ++rank) sent.push_back(outcome.plans[rank].ranks[rank].sent_bytes);
  EXPECT_LE(*std::ranges::max_element(sent) - *std::ranges::min_element(sent), 4000U);
}

TEST(RedistributePlan, PrefersSendersOnTheSameNode) {
  auto const model = small_llama();
  Scenario scenario{.source = make_side(*model.recipe, {2, 1, 2}),
                    .target = make_side(*model.recipe, {1, 1, 4}),
                    .source_ranks = {0, 1, 2, 3},
                    .target_ranks = {0, 1, 2, 3},
                    .node_of = {0, 0, 1, 1},
                    .options = small_options()};
  auto const outcome = simulate(scenario);
  EXPECT_THAT(outcome.faults, IsEmpty());
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    for (auto const& wave : outcome.plans[rank].waves) {
      for (auto const& message : wave.moves.sends) EXPECT_EQ(message.peer / 2, rank / 2);
    }
  }
}

TEST(RedistributePlan, NeedsNoMoreMemoryInPlaceThanTheLargerModelAndStaging) {
  for (auto const& model : {small_llama(), small_gpt2()}) {
    auto const all = topologies(model, 8);
    std::uint32_t number = 0;
    for (auto const& from : all) {
      for (auto const& to : all) {
        if (from.ranks() != to.ranks()) continue;
        auto options = small_options();
        options.frees_source = true;
        options.reads_from_peers = ++number % 2 == 0;
        Scenario scenario{.source = make_side(*model.recipe, from),
                          .target = make_side(*model.recipe, to),
                          .source_ranks = ranks_from(0, from.ranks()),
                          .target_ranks = ranks_from(0, to.ranks()),
                          .node_of = {},
                          .options = options};
        // Stages change their ranks, the worst case for memory.
        if (number % 3 == 0) std::ranges::reverse(scenario.target_ranks);
        ShardOffsets const zeros(scenario.source.cut.layout.parameters.size(), 0);
        std::map<std::uint32_t, ShardOffsets> peers;
        for (std::uint32_t rank = 0; rank < scenario.ranks(); ++rank) peers.emplace(rank, zeros);
        auto const plan = make_redistribute_plan({.source = scenario.source,
                                                  .target = scenario.target,
                                                  .source_ranks = scenario.source_ranks,
                                                  .target_ranks = scenario.target_ranks,
                                                  .ranks = scenario.ranks(),
                                                  .rank = scenario.ranks() - 1,
                                                  .node_of = {},
                                                  .own_source = zeros,
                                                  .peer_sources = peers,
                                                  .existing = {},
                                                  .is_in_place = {},
                                                  .options = options});
        for (auto const& rank : plan.ranks) {
          auto const larger = std::max(rank.source_bytes, rank.target_bytes + rank.shared_bytes);
          EXPECT_LE(rank.peak_bytes, larger + options.staging_bytes) << text(from) << " -> " << text(to);
        }
      }
    }
  }
}

TEST(RedistributePlan, SendsAMebibyteAndMoreAtATimeBetweenDevices) {
  auto const model = small_llama(1024);
  std::vector<std::pair<Topology, Topology>> const changes{
      {{8, 1, 1}, {4, 1, 2}}, {{2, 1, 4}, {8, 1, 1}}, {{4, 2, 1}, {2, 2, 2}}, {{1, 2, 4}, {2, 1, 4}}};
  for (auto const& [from, to] : changes) {
    auto const source = make_side(*model.recipe, from);
    auto const target = make_side(*model.recipe, to);
    RedistributePlanOptions options;
    options.in_place_bytes = kDeviceMessageBytes;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Bytes>> sent;
    for (std::uint32_t rank = 0; rank < from.ranks(); ++rank) {
      auto const plan = make_redistribute_plan({.source = source,
                                                .target = target,
                                                .source_ranks = ranks_from(0, from.ranks()),
                                                .target_ranks = ranks_from(0, to.ranks()),
                                                .ranks = from.ranks(),
                                                .rank = rank,
                                                .node_of = ranks_from(0, from.ranks()),
                                                .own_source = ShardOffsets(source.cut.layout.parameters.size(), 0),
                                                .peer_sources = {},
                                                .existing = {},
                                                .is_in_place = {},
                                                .options = options});
      for (auto const& wave : plan.waves) {
        for (auto const& message : wave.moves.sends) sent[{rank, message.peer}].push_back(message.nbytes);
      }
    }
    ASSERT_FALSE(sent.empty());
    for (auto const& [pair, messages] : sent) {
      auto const total = std::accumulate(messages.begin(), messages.end(), Bytes{0});
      EXPECT_LE(messages.size(), std::max<Bytes>(1, total / kDeviceMessageBytes))
          << text(from) << " -> " << text(to) << ": " << pair.first << " to " << pair.second;
    }
  }
}

TEST(RedistributePlan, RefusesToExceedTheMemoryLimit) {
  auto const model = small_llama();
  Scenario scenario{.source = make_side(*model.recipe, {2, 1, 1}),
                    .target = make_side(*model.recipe, {1, 1, 2}),
                    .source_ranks = {0, 1},
                    .target_ranks = {0, 1},
                    .node_of = {},
                    .options = small_options()};
  scenario.options.memory_limit = 1000;
  EXPECT_THAT(thrown_message<OutOfBudget>([&] { simulate(scenario); }), HasSubstr("--in-place"));
  scenario.options.memory_limit = Bytes{1} << 30U;
  EXPECT_THAT(simulate(scenario).faults, IsEmpty());
}

}  // namespace
}  // namespace distload::testing
