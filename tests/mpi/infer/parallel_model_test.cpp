// ParallelModel on a tiny llama: the same bits on every topology, by every engine, after a save at another layout and
// after a reload; and what it refuses.
#include <distload/infer/parallel_model.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/load/loader.hpp>
#include <distload/save/saver.hpp>

#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/thrown_message.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

TokenBatch some_ids() { return {2, 5, {1, 7, 33, 100, 4, 0, 2, 2, 99, 50}}; }

/// As tiny_llama_weight, but another model.
float other_weight(std::size_t tensor, std::uint64_t index) { return testing::tiny_llama_weight(tensor + 50, index); }

/// One NaN, in the second layer's up_proj.
float weight_with_nan(std::size_t tensor, std::uint64_t index) {
  return tensor == 15 && index == 3 ? std::numeric_limits<float>::quiet_NaN()
                                    : testing::tiny_llama_weight(tensor, index);
}

class ParallelModelTest : public MpiSuite {
 protected:
  void SetUp() override { write(testing::tiny_llama_weight); }

  void write(testing::TinyValue value) const {
    if (ranks().rank() == 0) testing::write_tiny_llama(directory_.path(), value);
    ranks().barrier();
  }

  void rewrite_config(std::string const& from, std::string const& to) const {
    if (ranks().rank() == 0) {
      auto const path = directory_.file("config.json");
      std::ifstream in(path);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      text.replace(text.find(from), from.size(), to);
      std::ofstream(path) << text;
    }
    ranks().barrier();
  }

  LoaderOptions config(std::string const& path) const {
    LoaderOptions config;
    config.checkpoint.path = path;
    config.load.staging = 16 * kMiB;
    return config;
  }

  static ProcessGrid grid(Topology const& topology) { return {ranks(), mpi_->node(), topology}; }

  static std::vector<Topology> topologies() {
    auto const n = ranks().size();
    std::vector<Topology> all{{n, 1, 1}, {1, 1, n}};
    if (n <= 3) all.push_back({1, n, 1});
    if (n == 4) all.insert(all.end(), {{2, 2, 1}, {2, 1, 2}});
    return all;
  }

  std::uint64_t hash_of(ProcessGrid const& grid, LoaderOptions const& config) const {
    auto const model = Loader(grid, config).load().model;
    return ParallelModel(model, grid).hash(some_ids());
  }

  /// Each rank loads the whole model by itself.
  std::uint64_t hash_of_one_rank() const {
    auto const alone = ranks().split(ranks().rank(), 0);
    auto const node = mpi_->node().split(ranks().rank(), 0);
    return hash_of(ProcessGrid(*alone, *node, {}), config(directory_.path()));
  }

  ScratchDirectory directory_{ranks()};
};

TEST_F(ParallelModelTest, EveryTopologyGivesTheSameBits) {
  auto const expected = hash_of_one_rank();
  for (auto const& topology : topologies()) {
    auto const grid = ParallelModelTest::grid(topology);
    EXPECT_EQ(hash_of(grid, config(directory_.path())), expected)
        << topology.tensor_parallel << " x " << topology.pipeline_parallel << " x " << topology.data_parallel;
  }
}

TEST_F(ParallelModelTest, FusedAndTransposedParametersGiveTheSameBits) {
  auto const expected = hash_of_one_rank();
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  auto fused = config(directory_.path());
  fused.model.fuse = {"qkv", "gate_up"};
  EXPECT_EQ(hash_of(grid, fused), expected);
  auto transposed = config(directory_.path());
  transposed.load.transpose = true;
  EXPECT_EQ(hash_of(grid, transposed), expected);
}

TEST_F(ParallelModelTest, EveryEngineGivesTheSameBitsAfterASaveAtAnotherLayout) {
  auto const expected = hash_of_one_rank();
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  auto const model = Loader(grid, config(directory_.path())).load().model;
  ScratchDirectory const saved(ranks());
  SaveOptions options;
  options.directory = saved.path();
  options.tensor_parallel = ranks().size() == 1 ? 2 : 1;
  Saver(options).save(model, model.metadata(), ranks());
  for (auto const engine : {ReadEngine::mmap, ReadEngine::buffered, ReadEngine::direct, ReadEngine::collective}) {
    auto back = config(saved.path());
    back.load.engine = engine;
    EXPECT_EQ(hash_of(grid, back), expected) << word_of(engine);
  }
}

TEST_F(ParallelModelTest, ASelfTestNoticesOtherWeightsAfterAReload) {
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  auto options = config(directory_.path());
  options.load.engine = ReadEngine::buffered;
  Loader loader(grid, options);
  auto loaded = loader.load();
  ParallelModel model(loaded.model, grid);
  auto const expected = model.hash(some_ids());
  EXPECT_NO_THROW(model.self_test(some_ids(), expected));
  write(other_weight);
  loader.reload(loaded.model);
  EXPECT_THAT(thrown_message<CorruptData>([&] { model.self_test(some_ids(), expected); }), HasSubstr("expected"));
  write(testing::tiny_llama_weight);
  loader.reload(loaded.model);
  EXPECT_NO_THROW(model.self_test(some_ids(), expected));
}

TEST_F(ParallelModelTest, ModelsThatShareGroupsAreDestroyedByEachRankWhenItLikes) {
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  ComputeGroups const groups(grid);
  auto const loaded = Loader(grid, config(directory_.path())).load();
  auto first = std::make_unique<ParallelModel>(loaded.model, groups);
  auto second = std::make_unique<ParallelModel>(loaded.model, groups);
  auto const expected = first->hash(some_ids());
  // Rank 0 alone destroys one of them before the others compute.
  if (ranks().rank() == 0) first.reset();
  EXPECT_EQ(second->hash(some_ids()), expected);
  if (ranks().rank() != 0) second.reset();
  ParallelModel third(loaded.model, groups);
  EXPECT_EQ(third.hash(some_ids()), expected);
}

TEST_F(ParallelModelTest, ACacheGivesTheTokensThatAWholeForwardGives) {
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  auto const loaded = Loader(grid, config(directory_.path())).load();
  ParallelModel model(loaded.model, grid);
  auto const generated = model.generate(some_ids(), 3);
  auto ids = some_ids();
  for (std::uint64_t i = 0; i < 3; ++i) {
    auto const next = model.generate(ids, 1);
    TokenBatch longer{2, ids.tokens + 1, {}};
    for (std::uint64_t sequence = 0; sequence < 2; ++sequence) {
      EXPECT_EQ(next.ids[sequence], generated.ids[sequence * 3 + i]);
      auto const begin = ids.ids.begin() + static_cast<std::ptrdiff_t>(sequence * ids.tokens);
      longer.ids.insert(longer.ids.end(), begin, begin + static_cast<std::ptrdiff_t>(ids.tokens));
      longer.ids.push_back(next.ids[sequence]);
    }
    ids = longer;
  }
}

TEST_F(ParallelModelTest, OutputsAreReportedInOrderWithTheirParameters) {
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  auto const loaded = Loader(grid, config(directory_.path())).load();
  std::vector<std::string> names;
  std::vector<std::string> parameters;
  ParallelModel(loaded.model, grid).forward(some_ids(), [&](LayerOutput const& output) {
    names.push_back(output.name);
    if (output.name == "layers.1.mlp") parameters = output.parameters;
  });
  EXPECT_THAT(names, ::testing::ElementsAre("embeddings", "layers.0.attention", "layers.0.mlp", "layers.0",
                                            "layers.1.attention", "layers.1.mlp", "layers.1", "layers.2.attention",
                                            "layers.2.mlp", "layers.2", "norm", "logits"));
  EXPECT_THAT(parameters, ::testing::ElementsAre(
                              "model.layers.1.post_attention_layernorm.weight", "model.layers.1.mlp.gate_proj.weight",
                              "model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.down_proj.weight"));
}

TEST_F(ParallelModelTest, RefusesIdsOutsideOfTheVocabularyAndTooManyTokens) {
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  rewrite_config("\"vocab_size\"", "\"max_position_embeddings\": 8, \"vocab_size\"");
  auto const loaded = Loader(grid, config(directory_.path())).load();
  ParallelModel model(loaded.model, grid);
  EXPECT_THAT(thrown_message<ConfigError>([&] {
                model.forward({1, 2, {5, 101}});
              }),
              HasSubstr("token 1 of sequence 0 has id 101, but the vocabulary has 101"));
  EXPECT_THAT(thrown_message<ConfigError>([&] { model.forward({1, 1, {-1}}); }), HasSubstr("id -1"));
  EXPECT_THAT(thrown_message<ConfigError>([&] { model.generate(some_ids(), 5); }),
              HasSubstr("9 tokens are more than the 8 positions"));
  EXPECT_THROW(model.forward({2, 2, {1, 2, 3}}), ConfigError);
}

TEST_F(ParallelModelTest, RefusesAFamilyThatIsOnlyLoaded) {
  auto const grid = ParallelModelTest::grid({ranks().size(), 1, 1});
  rewrite_config("\"model_type\": \"llama\"", "\"model_type\": \"unheard_of\"");
  auto options = config(directory_.path());
  options.model.family = "llama";
  auto const loaded = Loader(grid, options).load();
  EXPECT_THAT(thrown_message<ConfigError>([&] { ParallelModel(loaded.model, grid); }),
              HasSubstr("'unheard_of' are loaded, but not computed"));
}

TEST_F(ParallelModelTest, NamesAParameterWithNaN) {
  write(weight_with_nan);
  auto const grid = ParallelModelTest::grid({1, 1, ranks().size()});
  auto const loaded = Loader(grid, config(directory_.path())).load();
  EXPECT_THAT(thrown_message<CorruptData>([&] { check_numbers(loaded.model); }),
              HasSubstr("'model.layers.1.mlp.up_proj.weight' has 1 numbers that are NaN or infinite"));
}

}  // namespace
}  // namespace distload
