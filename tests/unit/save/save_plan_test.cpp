/// Save plans of random models on random topologies, carried out on element numbers.
#include "save/save_plan.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "partition/placement.hpp"
#include "unit/save/random_elements.hpp"

namespace distload {
namespace {

using testing::Element;
using testing::kBlock;
using testing::pick;

constexpr auto kPadding = ~Element{0};

struct Model {
  Catalog file;
  std::vector<HeldTensor> held;
  Topology topology;
};

Partition random_partition(std::mt19937& random, Shape& shape, std::uint32_t ranks) {
  auto const kind = static_cast<PartitionKind>(pick(random, 0, 3));
  if (shape.empty() || kind == PartitionKind::replicated) return {};
  auto const axis =
      static_cast<std::uint32_t>(kind == PartitionKind::vocab_parallel ? 0 : pick(random, 0, shape.size() - 1));
  Partition partition{kind, axis, {}};
  if (kind == PartitionKind::vocab_parallel) {
    partition.sections = {{shape[0], 1, false}};
    return partition;
  }
  shape[axis] = 0;
  for (auto sections = pick(random, 1, 3); sections > 0; --sections) {
    auto const unit = pick(random, 1, 3);
    // Either units for all ranks, or a single one that all of them hold.
    bool const shared = pick(random, 0, 3) == 0;
    auto const units = shared ? 1 : ranks * pick(random, 1, 2);
    partition.sections.push_back({units * unit, unit, shared});
    shape[axis] += units * unit;
  }
  return partition;
}

/// Cuts the tensor into a grid of extents with random cell sizes.
void add_extents(std::mt19937& random, Catalog& file, std::uint32_t tensor) {
  auto& info = file.tensors[tensor];
  info.first_extent = static_cast<std::uint32_t>(file.extents.size());
  if (volume(info.shape) == 0) return;
  Dims cell = info.shape;
  if (!cell.empty()) {
    auto const axis = pick(random, 0, cell.size() - 1);
    cell[axis] = pick(random, 1, cell[axis]);
  }
  auto position = Dims::filled(cell.size(), 0);
  while (true) {
    Extent extent;
    extent.tensor = tensor;
    extent.box = intersection({position, cell}, whole(info.shape)).value();
    extent.nbytes = volume(extent.box) * sizeof(Element);
    file.extents.push_back(extent);
    ++info.extent_count;
    auto axis = position.size();
    while (axis > 0 && (position[axis - 1] += cell[axis - 1]) >= info.shape[axis - 1]) position[--axis] = 0;
    if (axis == 0) return;
  }
}

Model random_model(std::mt19937& random) {
  Model model;
  model.topology = {static_cast<std::uint32_t>(pick(random, 1, 4)), static_cast<std::uint32_t>(pick(random, 1, 2)),
                    static_cast<std::uint32_t>(pick(random, 1, 2))};
  model.topology.expert_parallel =
      std::gcd(model.topology.stage_ranks(), static_cast<std::uint32_t>(pick(random, 1, 8)));
  model.file.block_bytes = kBlock;
  for (auto tensors = pick(random, 1, 5); tensors > 0; --tensors) {
    TensorInfo info;
    for (auto axes = pick(random, 0, 3); axes > 0; --axes) info.shape.push_back(pick(random, 1, 12));
    auto partition = random_partition(random, info.shape, model.topology.tensor_parallel);
    std::vector<std::uint32_t> stages{
        static_cast<std::uint32_t>(pick(random, 0, model.topology.pipeline_parallel - 1))};
    if (pick(random, 0, 1) == 0) {
      stages.resize(model.topology.pipeline_parallel);
      std::iota(stages.begin(), stages.end(), 0U);
    }
    model.file.tensors.push_back(info);
    std::optional<ExpertPlacement> experts;
    if (pick(random, 0, 3) == 0) {
      experts = ExpertPlacement{static_cast<std::uint32_t>(pick(random, 0, model.topology.expert_parallel - 1)), 0};
    }
    model.held.push_back({partition, stages, experts});
    add_extents(random, model.file, static_cast<std::uint32_t>(model.file.tensors.size() - 1));
  }
  return model;
}

/// The shard of a tensor on a rank, every element being its number in the tensor; empty if the rank holds none.
std::vector<Element> shard_of(Model const& model, std::uint32_t tensor, std::uint32_t rank) {
  auto const at = coordinates_of(model.topology, rank);
  auto const& held = model.held[tensor];
  auto const& shape = model.file.tensors[tensor].shape;
  if (std::ranges::find(held.stages, at.pipeline) == held.stages.end()) return {};
  auto const placement = placement_of(held.partition, held.experts, shape, model.topology);
  auto const part = placement.part_of(model.topology, rank);
  if (!part) return {};
  auto const layout = shard_layout(placement.partition, shape, *part, placement.parts);
  std::vector<Element> elements(volume(layout.shape), kPadding);
  std::vector<Element> numbers(volume(shape));
  std::iota(numbers.begin(), numbers.end(), 0U);
  for (auto const& piece : layout.pieces) {
    auto const copy = make_strided_copy({shape, piece.global.offset, 0}, {layout.shape, piece.local_offset, 0},
                                        piece.global.extent, sizeof(Element));
    copy_on_host(copy, reinterpret_cast<std::byte const*>(numbers.data()),
                 reinterpret_cast<std::byte*>(elements.data()));
  }
  return elements;
}

/// Carries all ranks' plans out, and returns the bytes of every extent; a byte that is written twice fails the test.
std::vector<std::vector<std::byte>> carry_out(Model const& model, SavePlanOptions const& options) {
  auto const ranks = model.topology.ranks();
  std::vector<SavePlan> plans;
  for (std::uint32_t rank = 0; rank < ranks; ++rank)
    plans.push_back(make_save_plan(model.file, model.held, model.topology, rank, options));
  std::vector<std::vector<std::byte>> extents;
  for (auto const& extent : model.file.extents) extents.emplace_back(extent.nbytes);
  std::vector<std::vector<int>> written;
  for (auto const& extent : model.file.extents) written.emplace_back((extent.nbytes + kBlock - 1) / kBlock);

  for (std::size_t wave = 0; wave < plans[0].waves.size(); ++wave) {
    std::vector<std::vector<std::byte>> packed(ranks);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::vector<std::byte>>> mail;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      EXPECT_EQ(plans[rank].waves.size(), plans[0].waves.size());
      auto const& part = plans[rank].waves[wave];
      EXPECT_LE(part.packed_bytes + part.received_bytes, std::max<Bytes>(options.staging_bytes, 2 * kBlock));
      packed[rank].resize(part.packed_bytes);
      for (auto const& pack : part.packs) {
        auto const shard = shard_of(model, pack.tensor, rank);
        copy_on_host(pack.copy, reinterpret_cast<std::byte const*>(shard.data()), packed[rank].data());
      }
      for (auto const& send : part.sends) {
        auto const* const begin = packed[rank].data() + send.offset_bytes;
        mail[{rank, send.peer}].emplace_back(begin, begin + send.nbytes);
      }
    }
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      auto const& part = plans[rank].waves[wave];
      std::vector<std::byte> received(part.received_bytes);
      std::map<std::uint32_t, std::size_t> taken;
      for (auto const& receive : part.receives) {
        auto const& message = mail.at({receive.peer, rank}).at(taken[receive.peer]++);
        EXPECT_EQ(message.size(), receive.nbytes);
        std::copy(message.begin(), message.end(), received.begin() + static_cast<std::ptrdiff_t>(receive.offset_bytes));
      }
      for (auto const& place : part.places) copy_on_host(place, received.data(), packed[rank].data());
      for (auto const& write : part.writes) {
        auto const shard =
            write.straight ? shard_of(model, model.file.extents[write.extent].tensor, rank) : std::vector<Element>{};
        auto const* const from =
            write.straight ? reinterpret_cast<std::byte const*>(shard.data()) : packed[rank].data();
        std::memcpy(extents[write.extent].data() + write.begin_bytes, from + write.offset_bytes, write.nbytes);
        EXPECT_EQ(write.begin_bytes % kBlock, 0U);
        for (Bytes at = 0; at < write.nbytes; at += kBlock) ++written[write.extent][(write.begin_bytes + at) / kBlock];
      }
    }
  }
  for (auto const& blocks : written) EXPECT_TRUE(std::ranges::all_of(blocks, [](int times) { return times == 1; }));
  return extents;
}

TEST(SavePlan, WritesEveryBlockOnceWithWhatBelongsThere) {
  std::mt19937 random(20240229);
  for (int i = 0; i < 1000; ++i) {
    auto const model = random_model(random);
    SavePlanOptions const options{pick(random, 0, 1) == 0 ? 2 * kBlock : 40 * kBlock, pick(random, 0, 2) != 0};
    auto const extents = carry_out(model, options);
    for (std::size_t e = 0; e < extents.size(); ++e) {
      auto const& extent = model.file.extents[e];
      auto const& shape = model.file.tensors[extent.tensor].shape;
      std::vector<Element> numbers(volume(shape));
      std::iota(numbers.begin(), numbers.end(), 0U);
      std::vector<std::byte> expected(extent.nbytes);
      auto const copy =
          make_strided_copy({shape, extent.box.offset, 0}, {extent.box.extent, Dims::filled(shape.size(), 0), 0},
                            extent.box.extent, sizeof(Element));
      copy_on_host(copy, reinterpret_cast<std::byte const*>(numbers.data()), expected.data());
      ASSERT_TRUE(extents[e] == expected)
          << "case " << i << ", tensor " << to_string(shape) << ", box " << to_string(extent.box);
    }
    ASSERT_FALSE(HasFailure()) << "case " << i;
  }
}

/// A file of one tensor in one extent per rank.
Model one_tensor(Partition const& partition, Topology const& topology, std::vector<Box> const& boxes) {
  Model model{{}, {{partition, {0}}}, topology};
  TensorInfo info;
  info.shape = {1024, 256};
  info.extent_count = static_cast<std::uint32_t>(boxes.size());
  model.file.tensors.push_back(info);
  for (auto const& box : boxes) {
    Extent extent;
    extent.box = box;
    extent.nbytes = volume(box) * sizeof(Element);
    model.file.extents.push_back(extent);
  }
  return model;
}

TEST(SavePlan, WritesStraightFromShardsWhereTheLayoutsAgree) {
  Partition const columns{PartitionKind::column_parallel, 0, {{1024, 1, false}}};
  Partition const rows{PartitionKind::row_parallel, 1, {{256, 1, false}}};
  std::vector<Box> const row_boxes{{{0, 0}, {512, 256}}, {{512, 0}, {512, 256}}};
  std::vector<Box> const column_boxes{{{0, 0}, {1024, 128}}, {{0, 128}, {1024, 128}}};
  for (auto const& model : {one_tensor(columns, {2, 1, 1}, row_boxes), one_tensor(rows, {2, 1, 1}, column_boxes)}) {
    for (std::uint32_t rank = 0; rank < 2; ++rank) {
      auto const plan = make_save_plan(model.file, model.held, model.topology, rank, {});
      ASSERT_EQ(plan.waves.size(), 1U);
      ASSERT_EQ(plan.waves[0].writes.size(), 1U);
      EXPECT_TRUE(plan.waves[0].writes[0].straight);
      EXPECT_EQ(plan.waves[0].writes[0].extent, rank);
      EXPECT_EQ(plan.packed_bytes + plan.received_bytes, 0U);
    }
  }
}

TEST(SavePlan, SpreadsReplicatedTensorsOverTheirHolders) {
  std::vector<Box> boxes;
  for (std::uint64_t i = 0; i < 8; ++i) boxes.push_back({{i * 128, 0}, {128, 256}});
  auto const model = one_tensor({}, {2, 1, 2}, boxes);
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(make_save_plan(model.file, model.held, model.topology, rank, {}).waves[0].writes.size(), 2U);
  }
}

}  // namespace
}  // namespace distload
