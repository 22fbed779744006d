// make_plan on random models, files and topologies: every shard right, every byte read once, every slot within its
// limit.
#include <gtest/gtest.h>

#include <random>

#include "plan/rank_work.hpp"
#include "plan/wave_builder.hpp"
#include "plan_simulation.hpp"

namespace distload {
namespace {

constexpr int kCases = 10000;
constexpr Bytes kSmallBlock = 64;

class RandomCase {
 public:
  explicit RandomCase(std::uint64_t seed) : random_(seed) {
    topology = {pick({1, 2, 3, 4}), pick({1, 1, 2}), pick({1, 1, 2, 3})};
    do topology.expert_parallel = 1 + static_cast<std::uint32_t>(below(topology.stage_ranks()));
    while (topology.stage_ranks() % topology.expert_parallel != 0);
    catalog.block_bytes = kSmallBlock;
    catalog.files.push_back({"file", 0});
    auto const tensors = 1 + below(4);
    for (std::uint32_t i = 0; i < tensors; ++i) add_tensor();
    lay_out();
    options.staging_bytes = kSmallBlock * (16 + below(20));
    options.slots = 1 + static_cast<std::uint32_t>(below(2));
    options.in_place_bytes = below(2) == 0 ? 1 : 100000;
    options.arena_on_host = below(4) != 0;
    if (!options.arena_on_host && below(2) == 0) options.staged_read_alignment = kStagingAlignment * 2;
    if (below(3) == 0) options.dtype = DType::bf16;
    if (below(4) == 0) {
      map_files();
    } else if (options.arena_on_host && below(2) == 0) {
      let_bytes_pass();
    } else if (!options.arena_on_host && below(2) == 0) {
      options.writes_to_peers = true;
      spread_over_nodes();
    }
    options.cost.request_overhead_seconds = 0;            // blocks are five orders of magnitude smaller than in earnest
    if (below(10) == 0) options.cost.link_bandwidth = 1;  // nothing may travel
  }

  Catalog catalog;
  ModelLayout layout;
  Topology topology;
  PlanOptions options;

  bool on_one_node(std::uint32_t a, std::uint32_t b) const {
    return options.node_of.empty() || options.node_of[a] == options.node_of[b];
  }

 private:
  std::uint64_t below(std::uint64_t end) { return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_); }
  std::uint32_t pick(std::vector<std::uint32_t> const& values) { return values[below(values.size())]; }

  void add_tensor() {
    TensorInfo tensor;
    tensor.name = "t" + std::to_string(catalog.tensors.size());
    tensor.dtype = std::vector{DType::u8, DType::bf16, DType::f32, DType::f64}[below(4)];
    Parameter parameter;
    parameter.tensor = static_cast<std::uint32_t>(catalog.tensors.size());
    auto const axes = below(4);
    for (std::uint64_t i = 0; i < axes; ++i) tensor.shape.push_back(1 + below(9));
    if (axes > 0 && below(4) != 0) cut(tensor, parameter);
    if (axes > 0 && below(4) == 0) place_experts(tensor, parameter);
    parameter.transposed = axes >= 2 && below(4) == 0;
    for (std::uint32_t stage = 0; stage < topology.pipeline_parallel; ++stage) {
      if (below(2) == 0) parameter.stages.push_back(stage);
    }
    if (parameter.stages.empty()) parameter.stages.push_back(0);
    store(tensor);
    catalog.tensors.push_back(tensor);
    layout.parameters.push_back(parameter);
  }

  void cut(TensorInfo& tensor, Parameter& parameter) {
    auto& partition = parameter.partition;
    partition.axis = static_cast<std::uint32_t>(below(tensor.shape.size()));
    auto const ranks = std::uint64_t{topology.tensor_parallel};
    if (below(4) == 0) {
      partition.kind = PartitionKind::vocab_parallel;
      partition.axis = 0;
      partition.sections = {{tensor.shape[0], 1, false}};
      return;
    }
    partition.kind = below(2) == 0 ? PartitionKind::column_parallel : PartitionKind::row_parallel;
    std::uint64_t size = 0;
    for (auto sections = 1 + below(3); sections > 0; --sections) {
      auto const unit = 1 + below(3);
      auto const few = below(3) == 0;  // as few heads as must be replicated
      auto const uneven = !few && below(4) == 0;
      auto const units = few ? 1 : uneven ? below(2 * ranks + 1) : ranks * (1 + below(3));
      partition.sections.push_back({units * unit, unit, few, uneven});
      size += units * unit;
    }
    tensor.shape[partition.axis] = size;
  }

  void place_experts(TensorInfo& tensor, Parameter& parameter) {
    auto const groups = topology.expert_parallel;
    if (below(2) == 0) {
      parameter.experts = ExpertPlacement{static_cast<std::uint32_t>(below(groups)), 0};
      return;
    }
    auto const axis = static_cast<std::uint32_t>(below(tensor.shape.size()));
    parameter.experts = ExpertPlacement{std::nullopt, axis};
    parameter.partition = {};
    tensor.shape[axis] = groups * (1 + below(3));
  }

  /// As one extent, or as a grid of chunks with clipped edges.
  void store(TensorInfo& tensor) {
    tensor.first_extent = static_cast<std::uint32_t>(catalog.extents.size());
    auto const checksums = below(2) == 0;
    auto chunk = tensor.shape;
    if (!chunk.empty() && below(3) != 0) {
      auto const axis = below(chunk.size());
      chunk[axis] = 1 + below(chunk[axis]);
    }
    Dims position = Dims::filled(chunk.size(), 0);
    for (bool more = true; more;) {
      Extent extent;
      extent.tensor = static_cast<std::uint32_t>(catalog.tensors.size());
      extent.box = {position, chunk};
      for (std::size_t axis = 0; axis < chunk.size(); ++axis) {
        extent.box.extent[axis] = std::min(chunk[axis], tensor.shape[axis] - position[axis]);
      }
      extent.nbytes = volume(extent.box) * size_of(tensor.dtype);
      if (checksums) extent.first_block = 0;  // hashes are not looked at by the planner
      catalog.extents.push_back(extent);
      more = false;
      for (std::size_t axis = chunk.size(); axis-- > 0 && !more;) {
        position[axis] += chunk[axis];
        more = position[axis] < tensor.shape[axis];
        if (!more) position[axis] = 0;
      }
    }
    tensor.extent_count = static_cast<std::uint32_t>(catalog.extents.size()) - tensor.first_extent;
  }

  /// Says where the extents are: one behind the other, with gaps.
  void lay_out() {
    auto& end = catalog.files.front().size_bytes;
    for (auto& extent : catalog.extents) {
      extent.offset_bytes = end + below(3) * 4;
      end = extent.offset_bytes + extent.nbytes;
    }
  }

  void map_files() {
    options.files_are_mapped = true;
    options.arena_on_host = true;
    options.page_bytes = 32;
    options.least_view_bytes = 8;
    let_bytes_pass();
  }

  void let_bytes_pass() {
    options.shows_passing = true;
    options.writes_to_peers = below(2) == 0;
    spread_over_nodes();
  }

  void spread_over_nodes() {
    if (below(2) == 0) return;
    for (std::uint32_t rank = 0; rank < topology.ranks(); ++rank)
      options.node_of.push_back(static_cast<std::uint32_t>(below(3)));
  }

  std::mt19937_64 random_;
};

/// A view's pages show the file, before and behind it too: nothing else may lie there.
void expect_pages_of_their_own(LoadPlan const& plan, Bytes page) {
  for (auto const& view : plan.work->views) {
    ASSERT_EQ(view.arena_offset_bytes % page, view.file_offset_bytes % page);
    auto const begin = view.arena_offset_bytes / page * page;
    auto const end = round_up(view.arena_offset_bytes + view.nbytes, page);
    ASSERT_LE(end, plan.arena_bytes);
    for (auto const& shard : plan.work->shards) {
      if (shard.offset_bytes == view.arena_offset_bytes) continue;
      ASSERT_TRUE(shard.nbytes == 0 || shard.offset_bytes >= end || shard.offset_bytes + shard.nbytes <= begin);
    }
  }
}

TEST(MakePlan, GivesEveryRankItsShardsInRandomCases) {
  std::size_t views = 0;
  std::size_t mapped_places = 0;
  std::size_t own_scatters = 0;
  std::size_t scatters_to_peers = 0;
  std::size_t scatters_beside_messages = 0;
  std::size_t places_at_peers = 0;
  for (int seed = 0; seed < kCases; ++seed) {
    RandomCase const test(static_cast<std::uint64_t>(seed));
    std::vector<LoadPlan> plans;
    for (std::uint32_t rank = 0; rank < test.topology.ranks(); ++rank) {
      plans.push_back(make_plan(test.catalog, test.layout, test.topology, rank, test.options));
    }
    std::vector<std::string> faults;
    auto const arenas =
        testing::simulate(test.catalog, plans, testing::make_storage(test.catalog), test.options.staging_bytes, faults);
    ASSERT_EQ(faults, std::vector<std::string>{}) << "seed " << seed;

    Bytes read = 0;
    for (std::uint32_t rank = 0; rank < plans.size(); ++rank) {
      Bytes own = 0;
      for (auto const& wave : plans[rank].work->waves) {
        for (auto const& request : wave.reads) own += request.nbytes;
      }
      ASSERT_EQ(own, plans[0].ranks[rank].read_bytes) << "seed " << seed << " rank " << rank;
      // The bytes that alignment leaves out are estimated.
      ASSERT_LE(plans[rank].slot_bytes, plans[0].ranks[rank].staging_bytes) << "seed " << seed << " rank " << rank;
      if (test.options.staged_read_alignment == 0) {
        ASSERT_EQ(plans[rank].slot_bytes, plans[0].ranks[rank].staging_bytes) << "seed " << seed << " rank " << rank;
      }
      ASSERT_EQ(plans[rank].arena_bytes, plans[0].ranks[rank].resident_bytes) << "seed " << seed << " rank " << rank;
      read += own;
      views += plans[rank].work->views.size();
      for (auto const& wave : plans[rank].work->waves) {
        for (auto const place : wave.places) mapped_places += place.source == Area::mapped ? 1 : 0;
        for (auto const& target : wave.scatter_targets) {
          ++(target.rank == rank ? own_scatters : scatters_to_peers);
          ASSERT_TRUE(test.on_one_node(rank, target.rank)) << "seed " << seed;
          if (target.rank != rank && !wave.sends.empty()) ++scatters_beside_messages;
        }
      }
      bool has_sent = false;
      for (auto const& wave : plans[rank].work->waves) {
        for (auto const peer : wave.peer_place_ranks) {
          ++places_at_peers;
          ASSERT_TRUE(peer != rank && test.on_one_node(rank, peer)) << "seed " << seed;
        }
        for (auto const& request : wave.reads) {
          auto const alignment = test.options.staged_read_alignment;
          auto const in_file = test.catalog.extents[request.extent].offset_bytes + request.begin_bytes;
          if (request.area != Area::staging || alignment == 0 || in_file % kStagingAlignment != 0) continue;
          ASSERT_EQ(request.offset_bytes % alignment, in_file % alignment) << "seed " << seed;
        }
        ASSERT_LE(wave.read_staging_bytes, wave.staging_bytes) << "seed " << seed;
        ASSERT_FALSE(wave.peer_places.size() > 0 && has_sent) << "messages of devices come last, seed " << seed;
        has_sent = has_sent || !wave.sends.empty();
      }
      expect_pages_of_their_own(plans[rank], test.options.page_bytes);
      for (auto const& shard : plans[rank].work->shards) {
        auto const& parameter = test.layout.parameters[shard.parameter];
        auto const expected = testing::expected_shard(test.catalog, parameter, shard);
        std::vector<std::byte> const found(
            arenas[rank].begin() + static_cast<std::ptrdiff_t>(shard.offset_bytes),
            arenas[rank].begin() + static_cast<std::ptrdiff_t>(shard.offset_bytes + shard.nbytes));
        ASSERT_EQ(found, expected) << "seed " << seed << " rank " << rank << " tensor " << parameter.tensor;
      }
    }
    if (test.options.node_of.empty() && (test.options.files_are_mapped || test.options.cost.link_bandwidth > 1)) {
      ASSERT_EQ(read, plans[0].requested_bytes) << "seed " << seed;
    }
  }
  // The cases are such that all of it happens.
  for (auto const count :
       {views, mapped_places, own_scatters, scatters_to_peers, scatters_beside_messages, places_at_peers})
    EXPECT_GT(count, 100U);
}

}  // namespace
}  // namespace distload
