// Redistributor on a tiny llama: the outcome has the bytes of a load in its topology.
#include <distload/redistribute/redistributor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

#include "device/device.hpp"
#include "device/survey.hpp"
#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/thrown_message.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

/// nccl_library.hpp has it where there is NCCL's header.
constexpr char const* kLibrary = "DISTLOAD_NCCL_LIBRARY";

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

  /// The ranks of a group, some of which hold a model.
  static Topology topology_of(std::uint32_t ranks) {
    if (ranks % 3 == 0) return {ranks / 3, 3, 1};
    return ranks == 8 || ranks == 4 || ranks == 2 ? Topology{ranks, 1, 1} : Topology{1, 1, ranks};
  }
  /// Collective: the model on `count` ranks, of which this one is rank `number`.
  std::optional<ShardedModel> load_on(std::uint32_t count, std::optional<std::uint32_t> number) const {
    auto const color = number ? 0U : 1U;
    auto const group = world().split(color, number.value_or(0));
    auto const node = mpi_->node().split(color, number.value_or(0));
    if (!number) return std::nullopt;
    ProcessGrid const grid(*group, *node, topology_of(count));
    return std::move(Loader(grid, settings()).load().model);
  }
  ShardedModel load(Topology const& topology, LoaderOptions const& options) const {
    ProcessGrid const grid(world(), mpi_->node(), topology);
    return std::move(Loader(grid, options).load().model);
  }
  ShardedModel load(Topology const& topology) const { return load(topology, settings()); }

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
  bool peer_memory;
  bool share;
  bool in_place;
};
constexpr Way kWays[]{{true, true, false}, {false, false, false}, {true, false, true}, {false, true, true}};

TEST_F(RedistributorTest, GivesWhatALoadInTheOtherTopologyGives) {
  std::vector<ShardedModel> models;
  for (auto const& topology : topologies()) models.push_back(load(topology));
  // In place, a device gives back memory that was loaded for that.
  auto releasable = settings();
  releasable.releasable = true;
  std::size_t number = 0;
  for (auto const& source : models) {
    for (auto const& expected : models) {
      auto const& way = kWays[number++ % std::size(kWays)];
      auto const to = expected.topology();
      RedistributeOptions options;
      options.peer_memory = way.peer_memory;
      options.share = way.share;
      options.verify = true;
      Redistributor redistributor(world(), mpi_->node(), options);
      auto const made = way.in_place ? redistributor.redistribute_in_place(load(source.topology(), releasable), to)
                                     : redistributor.redistribute(source, to);
      SCOPED_TRACE(text(source.topology()) + " -> " + text(to) + (way.peer_memory ? ", peers" : ", messages") +
                   (way.in_place ? ", in place" : ""));
      EXPECT_EQ(made.times.sent_bytes, made.times.needed_bytes);
      expect_same(*made.model, expected);
      if (source.topology() == to && way.share) {
        EXPECT_EQ(made.times.sent_bytes + made.times.local_bytes, 0U);
      }
    }
  }
}

TEST_F(RedistributorTest, MovesBetweenAllNumbersOfRanks) {
  auto const n = world().size();
  auto const rank = world().rank();
  // The ranks of a source are the first ones, those of a target the last ones, in the opposite order.
  auto const number_of = [&](std::uint32_t count, bool is_last) -> std::optional<std::uint32_t> {
    auto const number = is_last ? n - 1 - rank : rank;
    return number < count ? std::optional(number) : std::nullopt;
  };
  std::vector<std::optional<ShardedModel>> first;
  std::vector<std::optional<ShardedModel>> last;
  for (std::uint32_t count = 1; count <= n; ++count) {
    first.push_back(load_on(count, number_of(count, false)));
    last.push_back(load_on(count, number_of(count, true)));
  }
  RedistributeOptions options;
  options.verify = true;
  Redistributor redistributor(world(), mpi_->node(), options);
  for (std::uint32_t from = 1; from <= n; ++from) {
    for (std::uint32_t to = 1; to <= n; ++to) {
      SCOPED_TRACE(std::to_string(from) + " -> " + std::to_string(to));
      auto const& source = first[from - 1];
      RedistributeRole const role{.source_rank = number_of(from, false), .target_rank = number_of(to, true)};
      auto const made = redistributor.redistribute(source ? &*source : nullptr, topology_of(to), role);
      EXPECT_EQ(made.times.sent_bytes, made.times.needed_bytes);
      ASSERT_EQ(made.model.has_value(), role.target_rank.has_value());
      if (made.model) expect_same(*made.model, *last[to - 1]);
    }
  }
}

TEST_F(RedistributorTest, RefreshesAnotherModel) {
  for (auto const& to : {topologies().front(), topologies().back()}) {
    auto trainer = load(topologies().front());
    auto server = load(to);
    // Sharing: what is unchanged is the trainer's memory.
    RedistributeOptions options;
    options.verify = true;
    Redistributor redistributor(world(), mpi_->node(), options);
    auto shared = std::move(*redistributor.redistribute(trainer, to).model);
    for (auto const pattern : {std::byte{0x11}, std::byte{0x22}}) {
      for (auto const& shard : trainer.shards()) Kokkos::deep_copy(trainer.bytes(shard), pattern);
      auto const apart = redistributor.refresh(trainer, server);
      auto const times = redistributor.refresh(trainer, shared);
      EXPECT_EQ(apart.shared_bytes, 0U);
      EXPECT_EQ(apart.sent_bytes, times.sent_bytes);
      EXPECT_EQ(apart.local_bytes, times.local_bytes + times.shared_bytes);
      if (to == trainer.topology()) {
        EXPECT_EQ(times.sent_bytes + times.local_bytes, 0U);
      }
      for (auto const* model : {&server, &shared}) {
        for (auto const& shard : model->shards()) {
          auto const bytes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model->bytes(shard));
          for (auto const& piece : shard.layout.pieces) {
            auto const first = linear_index(shard.shape, piece.local_offset) * size_of(shard.dtype);
            EXPECT_EQ(bytes(first), pattern) << shard.name;
          }
        }
      }
    }
  }
}

TEST_F(RedistributorTest, PlansARefreshOfTheSameModelsOnce) {
  auto const trainer = load(topologies().front());
  auto server = load(topologies().back());
  Redistributor redistributor(world(), mpi_->node());
  EXPECT_GT(redistributor.refresh(trainer, server).plan_seconds, 0.0);
  Kokkos::deep_copy(trainer.bytes(trainer.shards().front()), std::byte{0x33});
  auto const times = redistributor.refresh(trainer, server);
  EXPECT_EQ(times.plan_seconds, 0.0);
  EXPECT_GT(times.sent_bytes + times.local_bytes, 0U);
  auto const expected = redistribute(ProcessGrid(world(), mpi_->node(), server.topology()), trainer, server.topology());
  expect_same(server, expected);
  // Other memory, also if it has the same layout.
  server = load(topologies().back());
  EXPECT_GT(redistributor.refresh(trainer, server).plan_seconds, 0.0);
  expect_same(server, expected);
  EXPECT_EQ(redistributor.refresh(trainer, server).plan_seconds, 0.0);
  // Only one rank has another model.
  auto another = load(topologies().back());
  EXPECT_GT(redistributor.refresh(trainer, world().rank() == 0 ? another : server).plan_seconds, 0.0);
  if (world().rank() == 0) expect_same(another, expected);
}

TEST_F(RedistributorTest, FusesTransposesAndCasts) {
  auto const to = topologies().back();
  auto const from = topologies().front();
  auto wanted = settings();
  wanted.load.dtype = DType::bf16;
  wanted.load.transpose = true;
  wanted.model.fuse = {"qkv", "gate_up"};
  auto const expected = load(to, wanted);
  RedistributeOptions options;
  options.verify = true;
  options.dtype = DType::bf16;
  options.transpose = true;
  options.fuse = {"qkv", "gate_up"};
  for (bool const peer_memory : {true, false}) {
    options.peer_memory = peer_memory;
    Redistributor redistributor(world(), mpi_->node(), options);
    auto made = redistributor.redistribute(load(from), to);
    expect_same(*made.model, expected);
    EXPECT_EQ(made.times.sent_bytes, made.times.needed_bytes);
    // And back, to what was loaded, except for the bits that the cast has lost.
    RedistributeOptions back;
    back.transpose = false;
    back.fuse = std::vector<std::string>{};
    auto narrow = settings();
    narrow.load.dtype = DType::bf16;
    auto again = Redistributor(world(), mpi_->node(), back).redistribute_in_place(std::move(*made.model), from);
    expect_same(*again.model, load(from, narrow));
  }
}

TEST_F(RedistributorTest, GivesAModelThatOutlivesItsSource) {
  auto const expected = load({1, 1, world().size()});
  auto source = std::make_optional(load({1, 1, world().size()}));
  auto const made =
      redistribute(ProcessGrid(world(), mpi_->node(), {1, 1, world().size()}), *source, {1, 1, world().size()});
  source.reset();
  expect_same(made, expected);
}

TEST_F(RedistributorTest, FreesNoMemoryInPlaceThatAnotherModelUses) {
  auto releasable = settings();
  releasable.releasable = true;
  Topology const topology{1, 1, world().size()};
  auto const original = load(topology, releasable);
  auto const expected = load(topology);
  Redistributor redistributor(world(), mpi_->node());
  auto shared = redistributor.redistribute(original, topology);
  ASSERT_EQ(shared.times.local_bytes, 0U);
  Topology const other{world().size(), 1, 1};
  auto const made = redistributor.redistribute_in_place(std::move(*shared.model), other);
  expect_same(*made.model, load(other));
  expect_same(original, expected);
}

TEST_F(RedistributorTest, ForecastsWhatItTakes) {
  auto const from = topologies().front();
  ProcessGrid const grid(world(), mpi_->node(), from);
  Loader loader(grid, settings());
  auto const checkpoint = loader.open();
  auto const plan = loader.plan(checkpoint);
  auto const model = std::move(loader.load(checkpoint, plan).model);
  Redistributor redistributor(world(), mpi_->node());
  for (auto const& to : topologies()) {
    auto const forecast = redistributor.forecast(checkpoint, plan, to, /*in_place=*/false);
    auto const made = redistributor.redistribute(model, to);
    EXPECT_EQ(forecast.waves, made.times.waves);
    ASSERT_EQ(forecast.ranks.size(), made.times.ranks.size());
    Bytes sent = 0;
    for (std::size_t rank = 0; rank < forecast.ranks.size(); ++rank) {
      auto const& expected = forecast.ranks[rank];
      auto const& found = made.times.ranks[rank];
      sent += found.sent_bytes;
      EXPECT_EQ(expected.source_bytes, found.source_bytes);
      EXPECT_EQ(expected.target_bytes, found.target_bytes);
      EXPECT_EQ(expected.shared_bytes, found.shared_bytes);
      EXPECT_EQ(expected.sent_bytes, found.sent_bytes);
      EXPECT_EQ(expected.received_bytes, found.received_bytes);
      EXPECT_EQ(expected.peak_bytes, found.peak_bytes);
    }
    EXPECT_EQ(sent, made.times.sent_bytes);
    EXPECT_THAT(describe(forecast), HasSubstr("tensor_parallel " + std::to_string(to.tensor_parallel)));
  }
  RedistributeOptions little;
  little.memory_limit = 1000;
  EXPECT_THAT(thrown_message<OutOfBudget>([&] {
                Redistributor(world(), mpi_->node(), little).forecast(checkpoint, plan, topologies().back(), true);
              }),
              HasSubstr("load.memory_limit"));
}

TEST_F(RedistributorTest, ConnectsDevicesWhenItFirstSendsAMessage) {
  if (device_of_process().is_host()) GTEST_SKIP() << "the ranks of the host are connected";
  if (is_built_for_devices()) GTEST_SKIP() << "needs a missing NCCL";
  auto const model = load({world().size(), 1, 1});
  // What a program finds that has no NCCL.
  char const* const before = std::getenv(kLibrary);
  if (before != nullptr) GTEST_SKIP() << "NCCL's double has been loaded already";
  setenv(kLibrary, "/there/is/none.so", 1);
  Redistributor redistributor(world(), mpi_->node());
  auto const same = redistributor.redistribute(model, model.topology());
  EXPECT_EQ(same.times.sent_bytes, 0U);
  EXPECT_THAT(thrown_message<CommunicationError>([&] {
                redistributor.redistribute(model, {1, 1, world().size()});
              }),
              HasSubstr("/there/is/none.so"));
  unsetenv(kLibrary);
}

TEST_F(RedistributorTest, RefusesWhatCannotBe) {
  auto const source = load({1, 1, world().size()});
  Redistributor redistributor(world(), mpi_->node());
  auto const refusal = [&](auto const& call) { return thrown_message<ConfigError>(call); };
  EXPECT_THAT(refusal([&] { redistributor.redistribute(source, {world().size() + 1, 1, 1}); }), HasSubstr("needs"));
  EXPECT_THAT(refusal([&] {
                redistributor.redistribute(nullptr, {1, 1, world().size()}, RedistributeRole{});
              }),
              HasSubstr("no rank holds a part of the source"));
  RedistributeRole const same{.source_rank = 0, .target_rank = 0};
  EXPECT_THAT(refusal([&] {
                redistributor.redistribute(&source, {1, 1, world().size()}, same);
              }),
              HasSubstr("as another rank does"));
  auto const n = world().size();
  auto const cut = load(topologies().back());
  RedistributeRole const reversed{.source_rank = n - 1 - world().rank(), .target_rank = world().rank()};
  EXPECT_THAT(refusal([&] { redistributor.redistribute(&cut, {1, 1, n}, reversed); }), HasSubstr("another order"));
  RedistributeOptions little;
  little.memory_limit = 1000;
  EXPECT_THAT(thrown_message<OutOfBudget>([&] {
                Redistributor(world(), mpi_->node(), little).redistribute(cut, {1, 1, n});
              }),
              HasSubstr("load.memory_limit"));
}

}  // namespace
}  // namespace distload
