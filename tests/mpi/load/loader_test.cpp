// Loader on a tiny llama: every element of every shard is the one that belongs there, whatever the engine and the
// topology.
#include <distload/load/loader.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <thread>

#include <distload/load/report.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "device/device.hpp"
#include "load/arena.hpp"
#include "parallel/liveness/call_scope.hpp"
#include "plan/rank_work.hpp"
#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

class LoaderTest : public MpiSuite {
 protected:
  void SetUp() override {
    if (world().rank() == 0) testing::write_tiny_llama(directory_);
    world().barrier();
  }

  static Communicator& world() { return ranks(); }
  /// Two key/value heads: four ranks get them as replicas, three cannot share them.
  static Topology most_parallel() {
    auto const tensor_parallel = world().size() == 3 ? 1 : world().size();
    return {tensor_parallel, 1, world().size() / tensor_parallel};
  }
  static ProcessGrid grid(Topology const& topology) { return {world(), mpi_->node(), topology}; }

  Config config() const {
    Config config;
    config.checkpoint.path = directory_;
    config.load.staging = 16 * kMiB;
    return config;
  }

  /// Has config.json say that the head is tied, and `change` the bytes of head and embedding, which stand one after the
  /// other at the begin of the file's data.
  template <class Change>
  void tie(Change const& change) const {
    if (world().rank() == 0) {
      rewrite("config.json", [](std::string& text) {
        text.replace(text.find("\"tie_word_embeddings\": false"), 28, "\"tie_word_embeddings\": true");
      });
      rewrite("model.safetensors", [&](std::string& file) {
        std::uint64_t header = 0;
        std::memcpy(&header, file.data(), sizeof header);
        auto* const data = file.data() + sizeof header + header;
        change(std::span(data, kHeadBytes), std::span(data + kHeadBytes, kHeadBytes));
      });
    }
    world().barrier();
  }

  template <class Change>
  void rewrite(std::string const& name, Change const& change) const {
    auto const path = directory_ / name;
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    change(text);
    std::ofstream(path, std::ios::binary) << text;
  }

  /// Every way to share out three layers and a vocabulary that nothing divides.
  static std::vector<Topology> topologies() {
    auto const n = world().size();
    std::vector<Topology> all{{1, 1, n}, most_parallel()};
    if (n <= 3) all.push_back({1, n, 1});
    if (n == 4) all.push_back({2, 2, 1});
    return all;
  }

  static constexpr std::size_t kHeadBytes = std::size_t{101} * 128 * sizeof(float);

  /// Compares every element with the definition of the tensor, the padding with zero.
  static void expect_right(ShardedModel const& model) {
    auto const tensors = testing::tiny_llama_tensors();
    std::map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < tensors.size(); ++i) numbers[tensors[i].name] = i;
    for (auto const& shard : model.shards()) {
      auto const number = numbers.at(shard.name);
      auto const bytes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.bytes(shard));
      auto const* const values = reinterpret_cast<float const*>(bytes.data());
      std::vector<float> expected(volume(shard.shape), 0.0F);
      for (auto const& piece : shard.layout.pieces) {
        for (std::uint64_t i = 0; i < volume(piece.global); ++i) {
          auto global = piece.global.offset;
          auto local = piece.local_offset;
          auto rest = i;
          for (std::size_t axis = global.size(); axis-- > 0;) {
            global[axis] += rest % piece.global.extent[axis];
            local[axis] += rest % piece.global.extent[axis];
            rest /= piece.global.extent[axis];
          }
          expected[linear_index(shard.shape, local)] =
              testing::tiny_llama_value(number, linear_index(shard.global_shape, global));
        }
      }
      EXPECT_EQ(std::vector<float>(values, values + expected.size()), expected) << shard.name;
    }
  }

  ScratchDirectory const scratch_{world()};
  std::filesystem::path const directory_ = scratch_.path();
};

TEST_F(LoaderTest, LoadsAPlanAsItWasMadeWhateverWasPlannedSince) {
  auto const ranks = grid(most_parallel());
  for (auto const engine : {ReadEngine::mmap, ReadEngine::buffered, ReadEngine::collective}) {
    auto settings = config();
    settings.load.engine = engine;
    Loader planner(ranks, settings);
    auto const checkpoint = planner.open();
    auto const plan = planner.plan(checkpoint);
    for (auto const other : {ReadEngine::direct, ReadEngine::buffered, ReadEngine::mmap}) {
      settings.load.engine = other;
      Loader loader(ranks, settings);
      static_cast<void>(loader.plan(checkpoint));
      auto const loaded = loader.load(checkpoint, plan);
      EXPECT_EQ(loaded.engine.name, plan.engine.name);
      expect_right(loaded.model);
    }
  }
}

TEST_F(LoaderTest, ReloadsInPlace) {
  auto const ranks = grid(most_parallel());
  Loader loader(ranks, config());
  auto model = loader.load().model;
  auto const memory = model.resident_bytes();
  std::vector<std::byte*> places;
  for (auto const& shard : model.shards()) {
    auto const bytes = model.bytes(shard);
    places.push_back(bytes.data());
    // Padding is written once, when the memory is taken.
    Bytes held = 0;
    for (auto const& piece : shard.layout.pieces) held += volume(piece.global) * size_of(shard.dtype);
    if (held == shard.nbytes) Kokkos::deep_copy(bytes, std::byte{0x5A});
  }
  loader.reload(model);
  expect_right(model);
  EXPECT_EQ(model.resident_bytes(), memory);
  for (std::size_t i = 0; i < places.size(); ++i) EXPECT_EQ(model.bytes(model.shards()[i]).data(), places[i]);
}

TEST_F(LoaderTest, ShowsFilesInPlaceAndCopiesThereAgain) {
  if (!device_of_process().is_host()) GTEST_SKIP() << "files cannot be shown in a device's memory";
  auto const ranks = grid({1, 1, world().size()});
  auto mapped = config();
  mapped.load.engine = ReadEngine::mmap;
  Loader shows(ranks, mapped);
  auto const checkpoint = shows.open();
  auto const plan = shows.plan(checkpoint);
  EXPECT_FALSE(plan.work->views.empty());
  EXPECT_EQ(plan.slot_bytes, 0U);
  auto model = shows.load(checkpoint, plan).model;
  expect_right(model);

  // What is written to a view stays in this process.
  auto const& shard = *model.find("model.layers.0.mlp.down_proj.weight");
  Kokkos::deep_copy(model.bytes(shard), std::byte{0x5A});
  auto const another = shows.load(checkpoint, plan).model;
  expect_right(another);

  for (auto const engine : {ReadEngine::buffered, ReadEngine::mmap, ReadEngine::collective, ReadEngine::mmap}) {
    auto settings = config();
    settings.load.engine = engine;
    Loader loader(ranks, settings);
    auto const* const place = model.bytes(shard).data();
    loader.reload(model);
    expect_right(model);
    EXPECT_EQ(model.bytes(shard).data(), place);
  }
}

TEST_F(LoaderTest, TakesItsPartByItselfWhereRanksMayNotWriteToEachOther) {
  auto const ranks = grid(most_parallel());
  for (auto const& [engine, may_write] : {std::pair(ReadEngine::mmap, true),
                                          {ReadEngine::mmap, false},
                                          {ReadEngine::buffered, true},
                                          {ReadEngine::buffered, false},
                                          {ReadEngine::direct, true},
                                          {ReadEngine::direct, false}}) {
    auto settings = config();
    settings.load.engine = engine;
    settings.load.peer_writes = may_write;
    Loader loader(ranks, settings);
    auto const checkpoint = loader.open();
    auto const plan = loader.plan(checkpoint);
    auto model = loader.load(checkpoint, plan).model;
    expect_right(model);
    bool const writes_to_others = std::ranges::any_of(plan.work->waves, [&](Wave const& wave) {
      return std::ranges::any_of(wave.scatter_targets,
                                 [&](ScatterTarget const& target) { return target.rank != plan.rank; });
    });
    bool const places_at_peers =
        std::ranges::any_of(plan.work->waves, [](Wave const& wave) { return wave.peer_places.size() > 0; });
    EXPECT_EQ(writes_to_others || places_at_peers, plan.writes_to_peers);
    EXPECT_TRUE(may_write || !writes_to_others);
    EXPECT_TRUE(may_write || !plan.writes_to_peers);
    EXPECT_FALSE(plan.writes_to_peers && plan.has_messages) << "on one node nothing that can be scattered is sent";
    EXPECT_EQ(plan.exchanged_bytes > 0, plan.writes_to_peers || plan.has_messages);
    EXPECT_FALSE(plan.has_messages && engine == ReadEngine::mmap && device_of_process().is_host());
    loader.reload(model);
    expect_right(model);
  }
}

TEST_F(LoaderTest, ReloadsNothingElse) {
  auto const ranks = grid(most_parallel());
  Loader loader(ranks, config());
  auto model = loader.load().model;
  auto other = config();
  other.load.dtype = DType::bf16;
  Loader narrow(ranks, other);
  EXPECT_THROW(narrow.reload(model), ConfigError);
  expect_right(model);
}

TEST_F(LoaderTest, ReloadsNoModelThatHasBeenMovedFrom) {
  auto const ranks = grid(most_parallel());
  Loader loader(ranks, config());
  auto model = loader.load().model;
  auto const moved = std::move(model);
  EXPECT_EQ(model.resident_bytes(), 0U);  // NOLINT(bugprone-use-after-move): what is left is tested
  EXPECT_THROW(loader.reload(model), ConfigError);
  expect_right(moved);
}

TEST_F(LoaderTest, LoadsEveryShardWithEveryEngine) {
  auto const ranks = grid(most_parallel());
  for (auto const engine : {ReadEngine::buffered, ReadEngine::collective, ReadEngine::direct, ReadEngine::mmap}) {
    auto settings = config();
    settings.load.engine = engine;
    Loader loader(ranks, settings);
    auto const checkpoint = loader.open();
    auto const plan = loader.plan(checkpoint);
    auto const [model, times, used] = loader.load(checkpoint, plan);
    EXPECT_EQ(used.name, plan.engine.name);
    auto const is_refused = plan.engine.reason.starts_with("direct is not possible: ");
    EXPECT_EQ(plan.engine.name, is_refused ? ReadEngine::buffered : engine);
    EXPECT_EQ(model.shards().size(), testing::tiny_llama_tensors().size());
    EXPECT_DOUBLE_EQ(plan.read_amplification(), 1.0);
    EXPECT_EQ(times.read_bytes, plan.ranks[plan.rank].read_bytes);
    expect_right(model);
  }
}

TEST_F(LoaderTest, LoadsWithPagesOfEverySize) {
  auto const ranks = grid(most_parallel());
  for (auto const engine : {ReadEngine::buffered, ReadEngine::mmap}) {
    for (auto const kind : {HugePageKind::automatic, HugePageKind::off, HugePageKind::transparent}) {
      auto settings = config();
      settings.load.engine = engine;
      settings.load.huge_pages = kind;
      auto const [model, times, used] = Loader(ranks, settings).load();
      expect_right(model);
      EXPECT_NE(times.pages.kind, HugePageKind::automatic);
      EXPECT_EQ(times.pages.reason == "configured", kind != HugePageKind::automatic);
      // Shards, 2 MiB pages, and what the engine and its threads need.
      EXPECT_LT(times.fresh_bytes, model.resident_bytes() + 32 * kMiB);
    }
  }
}

TEST_F(LoaderTest, PutsLayersOnTheirPipelineStages) {
  if (world().size() != 3) GTEST_SKIP() << "made for three stages";
  auto const ranks = grid({1, 3, 1});
  Loader loader(ranks, config());
  auto const model = loader.load().model;
  expect_right(model);
  EXPECT_EQ(model.find("model.embed_tokens.weight") != nullptr, world().rank() == 0);
  EXPECT_EQ(model.find("model.layers.1.mlp.up_proj.weight") != nullptr, world().rank() == 1);
  EXPECT_EQ(model.find("lm_head.weight") != nullptr, world().rank() == 2);
}

TEST_F(LoaderTest, PutsAsManyLayersOnAStageAsItIsTold) {
  if (world().size() != 2) GTEST_SKIP() << "made for two stages";
  auto const ranks = grid({1, 2, 1});
  auto settings = config();
  settings.topology.pipeline_layers = {1, 2};
  Loader loader(ranks, settings);
  auto const model = loader.load().model;
  expect_right(model);
  EXPECT_EQ(model.find("model.layers.0.mlp.up_proj.weight") != nullptr, world().rank() == 0);
  EXPECT_EQ(model.find("model.layers.1.mlp.up_proj.weight") != nullptr, world().rank() == 1);

  settings.topology.pipeline_layers = {1, 1, 1};
  Loader for_three(ranks, settings);
  EXPECT_THROW(for_three.open(), ConfigError);
}

TEST_F(LoaderTest, KeepsATiedHeadThatIsStoredWithOtherBytes) {
  tie([](std::span<char>, std::span<char>) {});
  for (auto const& topology : topologies()) {
    auto const ranks = grid(topology);
    Loader loader(ranks, config());
    auto const checkpoint = loader.open();
    EXPECT_TRUE(checkpoint.layout.aliases.empty());
    ASSERT_EQ(checkpoint.layout.warnings.size(), 1U);
    EXPECT_NE(checkpoint.layout.warnings[0].find("lm_head.weight should be the same as model.embed_tokens.weight"),
              std::string::npos);
    auto const model = loader.load(checkpoint, loader.plan(checkpoint)).model;
    expect_right(model);
    auto const stage = world().rank() / topology.stage_ranks();
    auto const* const head = model.find("lm_head.weight");
    EXPECT_EQ(head != nullptr, stage == topology.pipeline_parallel - 1);
    EXPECT_TRUE(head == nullptr || head->name == "lm_head.weight");
    EXPECT_EQ(model.find("model.embed_tokens.weight") != nullptr, stage == 0);
  }
}

TEST_F(LoaderTest, FindsASingleByteInWhichATiedHeadDiffers) {
  for (auto const place : {std::size_t{0}, kHeadBytes / 2, kHeadBytes - 1}) {
    tie([&](std::span<char> head, std::span<char const> embedding) {
      std::ranges::copy(embedding, head.begin());
      head[place] ^= 1;
    });
    for (auto const& topology : topologies()) {
      auto const ranks = grid(topology);
      EXPECT_TRUE(Loader(ranks, config()).open().layout.aliases.empty()) << place;
    }
    if (world().rank() == 0) testing::write_tiny_llama(directory_);
    world().barrier();
  }
}

TEST_F(LoaderTest, LoadsATiedHeadOnceThatIsStoredTwice) {
  tie([](std::span<char> head, std::span<char const> embedding) { std::ranges::copy(embedding, head.begin()); });
  for (auto const& topology : topologies()) {
    auto const ranks = grid(topology);
    Loader loader(ranks, config());
    auto const checkpoint = loader.open();
    EXPECT_TRUE(checkpoint.layout.warnings.empty());
    auto const model = loader.load(checkpoint, loader.plan(checkpoint)).model;
    expect_right(model);
    auto const stage = world().rank() / topology.stage_ranks();
    auto const* const head = model.find("lm_head.weight");
    EXPECT_EQ(head != nullptr, stage == 0 || stage == topology.pipeline_parallel - 1);
    EXPECT_TRUE(head == nullptr || head->name == "model.embed_tokens.weight");
  }
}

TEST_F(LoaderTest, CastsNothingThatItsRuleKeeps) {
  if (world().rank() == 0) {
    std::ofstream(directory_ / "rules.yaml")
        << "extends: llama\nrules:\n"
           "  - {match: \"model.layers.{layer}.mlp.gate_proj.weight\", partition: column_parallel, keep_dtype: true}\n"
           "  - {match: model.norm.weight, partition: replicated, stage: last, keep_dtype: fp32}\n";
  }
  world().barrier();
  auto const ranks = grid(most_parallel());
  for (auto const engine : {ReadEngine::buffered, ReadEngine::collective, ReadEngine::direct, ReadEngine::mmap}) {
    for (bool const fused : {false, true}) {
      auto settings = config();
      settings.model.rules = directory_ / "rules.yaml";
      settings.load.engine = engine;
      settings.load.dtype = DType::bf16;
      if (fused) settings.model.fuse = {"gate_up"};
      Loader loader(ranks, settings);
      auto const model = loader.load().model;
      // Fused, what one part keeps the whole keeps: it has only one type, and that must hold all of the parts' values.
      std::vector<std::string> const kept{"model.norm.weight", fused ? "model.layers.1.mlp.gate_up_proj.weight"
                                                                     : "model.layers.1.mlp.gate_proj.weight"};
      for (auto const& name : kept) {
        auto const* const shard = model.find(name);
        ASSERT_NE(shard, nullptr) << name;
        EXPECT_EQ(shard->dtype, DType::f32) << name << " with " << word_of(engine);
      }
      EXPECT_EQ(model.find("model.layers.1.mlp.down_proj.weight")->dtype, DType::bf16);
      Bytes held = 0;
      for (auto const& shard : model.shards()) held += shard.nbytes;
      EXPECT_LE(held, model.resident_bytes());
    }
  }
}

TEST_F(LoaderTest, HandsOutTypedViews) {
  auto const ranks = grid({1, 1, world().size()});
  Loader loader(ranks, config());
  auto const model = loader.load().model;
  auto const view = model.view<float**>("model.layers.0.mlp.down_proj.weight");
  EXPECT_EQ(view.extent(0), 128U);
  EXPECT_EQ(view.extent(1), 144U);
  EXPECT_THROW(model.view<double**>("model.norm.weight"), ConfigError);
  EXPECT_THROW(model.view<float*>("no.such.weight"), ConfigError);
}

TEST_F(LoaderTest, HandsOutTheBitsOfBf16) {
  auto const ranks = grid({1, 1, world().size()});
  auto settings = config();
  settings.load.dtype = DType::bf16;
  Loader wide(ranks, config());
  Loader narrow(ranks, settings);
  auto const exact = wide.load().model;
  auto const rounded = narrow.load().model;
  auto const floats = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), exact.view<float*>("model.norm.weight"));
  auto const bits =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rounded.view<std::uint16_t*>("model.norm.weight"));
  ASSERT_EQ(bits.extent(0), floats.extent(0));
  for (std::size_t i = 0; i < bits.extent(0); ++i) {
    // The upper half of a float, rounded in the last of its 8 significant bits.
    auto const value = std::bit_cast<float>(std::uint32_t{bits(i)} << 16U);
    EXPECT_NEAR(value, floats(i), std::abs(floats(i)) / 256) << i;
  }
  EXPECT_THROW(rounded.view<float*>("model.norm.weight"), ConfigError);
}

TEST_F(LoaderTest, RefusesPlansOfOtherCheckpointsAndTopologies) {
  auto const ranks = grid(most_parallel());
  Loader loader(ranks, config());
  auto const checkpoint = loader.open();
  auto const plan = loader.plan(checkpoint);
  EXPECT_THROW(loader.load(checkpoint, LoadPlan{}), ConfigError);

  auto renamed = checkpoint;
  renamed.catalog.path += "-other";
  EXPECT_THROW(loader.load(renamed, plan), ConfigError);

  auto replaced = checkpoint;
  replaced.catalog.extents.pop_back();
  EXPECT_THROW(loader.load(replaced, plan), ConfigError);

  auto foreign = plan;
  foreign.rank = (plan.rank + 1) % world().size();
  if (world().size() > 1) {
    EXPECT_THROW(loader.load(checkpoint, foreign), ConfigError);
  }
  expect_right(loader.load(checkpoint, plan).model);
}

TEST_F(LoaderTest, RefusesCallsOfTwoThreadsAtATime) {
  auto const ranks = grid(most_parallel());
  Loader loader(ranks, config());
  std::string refusal;
  {
    CallScope const scope("Saver::save", "save");
    std::thread([&] {
      try {
        loader.open();
      } catch (ConfigError const& error) {
        refusal = error.what();
      }
    }).join();
  }
  EXPECT_EQ(refusal,
            "Loader::open is called while another thread of this process is in Saver::save: a process calls Loader and "
            "Saver from one thread at a time");
  // One after the other, each may be of another thread.
  std::thread([&] { expect_right(loader.load().model); }).join();
}

TEST_F(LoaderTest, RefusesAPlanThatDoesNotFitOnAllRanks) {
  auto const ranks = grid({1, 1, world().size()});
  auto settings = config();
  settings.load.memory_limit = 100 * kKiB;
  Loader loader(ranks, settings);
  auto const checkpoint = loader.open();
  EXPECT_THROW(loader.plan(checkpoint), OutOfBudget);
}

TEST_F(LoaderTest, ReportsWhatItDid) {
  auto const ranks = grid({1, 1, world().size()});
  Loader loader(ranks, config());
  auto const checkpoint = loader.open();
  auto const plan = loader.plan(checkpoint);
  auto const report = make_report(ranks, checkpoint, plan, loader.load(checkpoint, plan), true);
  EXPECT_EQ(report.empty(), world().rank() != 0);
  if (world().rank() != 0) return;
  for (auto const* const key : {"schema", "model", "topology", "engine", "phases", "seconds", "bytes",
                                "read_amplification", "memory", "ranks", "tensors", "xxh3_64", "overhead_peak",
                                "staging_peak", "storage_read", "fresh_touched", "pages", "bytes_per_second"}) {
    EXPECT_NE(report.find('"' + std::string(key) + '"'), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace distload
