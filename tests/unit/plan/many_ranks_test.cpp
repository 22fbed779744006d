// Plans of a thousand ranks, each made by itself: where two ranks meet, they agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "plan/make_plan.hpp"
#include "plan/rank_work.hpp"

namespace distload {
namespace {

constexpr std::uint32_t kLayers = 4;
constexpr std::uint32_t kExperts = 16;
constexpr Topology kTopology{8, 2, 64, kExperts};

/// A few layers as of a large model with experts, stored as one extent per tensor.
struct ModelWithExperts {
  Catalog catalog;
  ModelLayout layout;

  ModelWithExperts() {
    catalog.block_bytes = 4 * kKiB;
    add({1000, 64}, cut(PartitionKind::vocab_parallel, 0, 1000), {0, 1});
    for (std::uint32_t layer = 0; layer < kLayers; ++layer) {
      std::vector<std::uint32_t> const stages{layer / 2};
      add({512, 64}, cut(PartitionKind::column_parallel, 0, 512), stages);
      add({64, 512}, cut(PartitionKind::row_parallel, 1, 512), stages);
      add({192, 64}, {PartitionKind::column_parallel, 0, {{128, 8, false}, {32, 8, true}, {32, 8, true}}}, stages);
      add({64}, {}, stages);
      for (std::uint32_t expert = 0; expert < kExperts; ++expert) {
        add({128, 64}, cut(PartitionKind::column_parallel, 0, 128), stages);
        layout.parameters.back().experts = ExpertPlacement{expert, 0};
      }
    }
  }

  static Partition cut(PartitionKind kind, std::uint32_t axis, std::uint64_t size) {
    return {kind, axis, {{size, 1, false}}};
  }

  void add(Shape const& shape, Partition const& partition, std::vector<std::uint32_t> const& stages) {
    auto const index = static_cast<std::uint32_t>(catalog.tensors.size());
    auto const nbytes = volume(shape) * size_of(DType::f32);
    catalog.tensors.push_back({std::to_string(index), DType::f32, shape, index, 1, "", -1});
    catalog.extents.push_back({index, 0, 0, nbytes, whole(shape), index % 2 == 0 ? 0 : kNoBlocks});
    layout.parameters.push_back({index, partition, stages, ""});
  }
};

/// The sizes of the messages from one rank to another in one wave, in order.
using WaveNumber = std::uint32_t;
using Sender = std::uint32_t;
using Receiver = std::uint32_t;
using Messages = std::map<std::tuple<WaveNumber, Sender, Receiver>, std::vector<Bytes>>;

auto fields_of(RankLoad const& load) {
  return std::tuple(load.resident_bytes, load.read_bytes, load.sent_bytes, load.received_bytes, load.staging_bytes,
                    load.requests);
}

/// What `plan` says of its own rank, next to what `other`, another rank's plan, says of it.
void expect_own_part_as_seen_by(LoadPlan const& other, LoadPlan const& plan) {
  auto const& seen = other.ranks[plan.rank];
  Bytes read = 0;
  std::uint64_t requests = 0;
  for (auto const& wave : plan.work->waves) {
    for (auto const& request : wave.reads) read += request.nbytes;
    requests += wave.reads.size();
  }
  EXPECT_EQ(read, seen.read_bytes) << plan.rank;
  EXPECT_EQ(requests, seen.requests) << plan.rank;
  EXPECT_EQ(plan.arena_bytes, seen.resident_bytes) << plan.rank;
  EXPECT_EQ(plan.slot_bytes, seen.staging_bytes) << plan.rank;
  EXPECT_EQ(plan.work->waves.size(), other.work->waves.size()) << plan.rank;
}

TEST(MakePlan, AgreesOnAllMeetingsOfAThousandRanks) {
  ModelWithExperts const model;
  for (Bytes const in_place_bytes : {Bytes{1}, 256 * kKiB}) {
    PlanOptions options;
    options.staging_bytes = 16 * model.catalog.block_bytes;
    options.in_place_bytes = in_place_bytes;
    auto const first = make_plan(model.catalog, model.layout, kTopology, 0, options);
    Messages sent;
    Messages received;
    for (std::uint32_t rank = 0; rank < kTopology.ranks(); ++rank) {
      auto const plan = make_plan(model.catalog, model.layout, kTopology, rank, options);
      ASSERT_TRUE(std::ranges::equal(plan.ranks, first.ranks, {}, fields_of, fields_of)) << rank;
      expect_own_part_as_seen_by(first, plan);
      for (WaveNumber wave = 0; wave < plan.work->waves.size(); ++wave) {
        for (auto const& message : plan.work->waves[wave].sends)
          sent[{wave, rank, message.peer}].push_back(message.nbytes);
        for (auto const& message : plan.work->waves[wave].receives)
          received[{wave, message.peer, rank}].push_back(message.nbytes);
      }
    }
    EXPECT_FALSE(sent.empty());
    EXPECT_TRUE(sent == received);
  }
}

}  // namespace
}  // namespace distload
