// How segments are read, by the options.
#include "plan/read_jobs.hpp"

#include <gtest/gtest.h>

#include "small_model.hpp"

namespace distload {
namespace {

using testing::cut_along;
using testing::SmallModel;

std::vector<ReadJob> jobs_of(SmallModel const& model, Topology const& topology, PlanOptions const& options) {
  PlanRequest const request(model.catalog, model.layout, topology, 0, options);
  return make_read_jobs({model.catalog, model.layout.parameters[0], DType::f32, topology}, request);
}

TEST(ReadJobs, OfOneRankAreReadStraightToItsShard) {
  SmallModel model;
  model.add({8, 4}, cut_along(0, 8));
  for (bool const files_are_mapped : {false, true}) {
    PlanOptions options;
    options.files_are_mapped = files_are_mapped;
    auto const jobs = jobs_of(model, {2, 1, 1}, options);
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[1].strategy, Strategy::straight);
    ASSERT_TRUE(jobs[1].sole_reader);
    EXPECT_EQ(jobs[1].sole_reader->group, 1U);
    EXPECT_TRUE(jobs[1].fills_one_run);
  }
}

TEST(ReadJobs, OfSeveralRanksTravelAsTheOptionsAllow) {
  SmallModel model;
  model.add({8, 4}, {});
  PlanOptions mapped;
  mapped.files_are_mapped = true;
  PlanOptions passing;
  passing.shows_passing = true;
  passing.writes_to_peers = true;
  PlanOptions no_links;
  no_links.cost.link_bandwidth = 1;
  for (auto const& [options, strategy, count] : {std::tuple{mapped, Strategy::mapped, 1U},
                                                 {passing, Strategy::scatter, 1U},
                                                 {no_links, Strategy::every_rank_reads, 2U}}) {
    auto const jobs = jobs_of(model, {2, 1, 1}, options);
    ASSERT_EQ(jobs.size(), count);
    EXPECT_EQ(jobs[0].strategy, strategy);
    EXPECT_EQ(jobs[0].sole_reader.has_value(), count > 1);
  }
}

TEST(ReadJobs, AreScatteredOnSeveralNodesOnlyIfFilesAreMapped) {
  SmallModel model;
  model.add({8, 4}, {});
  PlanOptions options;
  options.shows_passing = true;
  options.writes_to_peers = true;
  options.node_of = {0, 1};
  auto const jobs = jobs_of(model, {2, 1, 1}, options);
  EXPECT_NE(jobs[0].strategy, Strategy::scatter);
  EXPECT_TRUE(jobs[0].can_scatter) << "parameters that one node holds may be scattered still";
  options.files_are_mapped = true;
  EXPECT_EQ(jobs_of(model, {2, 1, 1}, options)[0].strategy, Strategy::scatter);
}

TEST(ReadPieces, AreBlocksUnlessTheyAreReadStraight) {
  SmallModel model;
  model.add({8, 4}, cut_along(0, 8));
  Topology const topology{2, 1, 1};
  Demand const demand(model.catalog, model.layout.parameters[0], DType::f32, topology);
  std::vector<ReadJob> jobs{{.segment = 0, .sole_reader = GroupRank{0, 0}, .fills_one_run = true}, {.segment = 1}};
  auto const pieces = make_read_pieces(demand, jobs, 32);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].range.nbytes(), 64U);
  EXPECT_EQ(pieces[1].range.begin, 64U);
  EXPECT_EQ(pieces[1].range.nbytes(), 32U);
  EXPECT_EQ(pieces[2].parts.front().shard_run, Bytes{32});
}

}  // namespace
}  // namespace distload
