// Layers on the shards of a tiny llama against plain loops over the whole parameters, in double.
#include <distload/layers/embedding.hpp>
#include <distload/layers/linear.hpp>
#include <distload/layers/mlp.hpp>
#include <distload/layers/norm.hpp>

#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/load/loader.hpp>

#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/thrown_message.hpp"
#include "support/tiny_llama.hpp"
#include "unit/layers/sigmoid.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kHidden = 128;
constexpr std::uint64_t kTokens = 3;

/// Of a parameter: element (row, column).
class Whole {
 public:
  explicit Whole(std::string const& name) {
    auto const tensors = testing::tiny_llama_tensors();
    while (tensors[number_].name != name) ++number_;
    columns_ = tensors[number_].shape.back();
  }
  double operator()(std::uint64_t row, std::uint64_t column) const {
    return static_cast<double>(testing::tiny_llama_weight(number_, row * columns_ + column));
  }

 private:
  std::size_t number_ = 0;
  std::uint64_t columns_ = 1;
};

double input(std::uint64_t token, std::uint64_t i) {
  return static_cast<double>(testing::tiny_llama_weight(1000 + token, i)) * 8;
}

/// Columns [first, first + width) of the inputs.
Activations inputs(std::uint64_t width, std::uint64_t first = 0) {
  Activations const x("x", kTokens, width);
  auto const on_host = Kokkos::create_mirror_view(x);
  for (std::uint64_t token = 0; token < kTokens; ++token) {
    for (std::uint64_t i = 0; i < width; ++i) on_host(token, i) = static_cast<float>(input(token, first + i));
  }
  Kokkos::deep_copy(x, on_host);
  return x;
}

void expect_near(Activations const& x, std::uint64_t width,
                 std::function<double(std::uint64_t, std::uint64_t)> const& expected) {
  ASSERT_EQ(x.extent(0), kTokens);
  ASSERT_EQ(x.extent(1), width);
  auto const on_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  for (std::uint64_t token = 0; token < kTokens; ++token) {
    for (std::uint64_t i = 0; i < width; ++i)
      EXPECT_NEAR(on_host(token, i), expected(token, i), 1e-5) << token << ", " << i;
  }
}

/// Sum of products of a row of the parameter and the inputs.
double product(Whole const& weight, std::uint64_t row, std::uint64_t token, std::uint64_t width) {
  double sum = 0;
  for (std::uint64_t k = 0; k < width; ++k) sum += weight(row, k) * input(token, k);
  return sum;
}

class LayersTest : public MpiSuite {
 protected:
  void SetUp() override {
    if (ranks().rank() == 0) testing::write_tiny_llama(directory_.path(), testing::tiny_llama_weight);
    ranks().barrier();
    LoaderOptions config;
    config.checkpoint.path = directory_.path();
    model_.emplace(Loader(grid_, config).load().model);
  }

  /// Two key/value heads, which three ranks cannot share.
  static Topology topology() {
    auto const tensor_parallel = ranks().size() == 3 ? 1 : ranks().size();
    return {tensor_parallel, 1, ranks().size() / tensor_parallel};
  }

  ScratchDirectory directory_{ranks()};
  ProcessGrid grid_{ranks(), mpi_->node(), topology()};
  std::optional<ShardedModel> model_;
};

TEST_F(LayersTest, ColumnParallel) {
  ColumnParallelLinear const up(*model_, "model.layers.1.mlp.up_proj", grid_.tensor());
  EXPECT_EQ(up.outputs(), 144U);
  EXPECT_EQ(up.local_outputs(), 144U / grid_.tensor().size());
  Whole const weight("model.layers.1.mlp.up_proj.weight");
  expect_near(up.gathered(inputs(kHidden)), 144,
              [&](std::uint64_t token, std::uint64_t row) { return product(weight, row, token, kHidden); });
  auto const first = grid_.tensor().rank() * up.local_outputs();
  expect_near(up.local(inputs(kHidden)), up.local_outputs(),
              [&](std::uint64_t token, std::uint64_t row) { return product(weight, first + row, token, kHidden); });
}

TEST_F(LayersTest, ColumnParallelWithSharedHeads) {
  ColumnParallelLinear const keys(*model_, "model.layers.0.self_attn.k_proj", grid_.tensor());
  Whole const weight("model.layers.0.self_attn.k_proj.weight");
  expect_near(keys.gathered(inputs(kHidden)), 32,
              [&](std::uint64_t token, std::uint64_t row) { return product(weight, row, token, kHidden); });
}

TEST_F(LayersTest, RowParallel) {
  RowParallelLinear const down(*model_, "model.layers.2.mlp.down_proj", grid_.tensor());
  EXPECT_EQ(down.inputs(), 144U);
  EXPECT_TRUE(down.is_exact());
  Whole const weight("model.layers.2.mlp.down_proj.weight");
  expect_near(down(inputs(down.local_inputs(), down.first_input())), kHidden,
              [&](std::uint64_t token, std::uint64_t row) { return product(weight, row, token, 144); });
}

TEST_F(LayersTest, HeadWithPaddedRows) {
  ColumnParallelLinear const head(*model_, "lm_head", grid_.tensor());
  Whole const weight("lm_head.weight");
  expect_near(head.gathered(inputs(kHidden)), 101,
              [&](std::uint64_t token, std::uint64_t row) { return product(weight, row, token, kHidden); });
}

TEST_F(LayersTest, Embedding) {
  VocabParallelEmbedding const embedding(*model_, "model.embed_tokens", grid_.tensor());
  EXPECT_EQ(embedding.rows(), 101U);
  Kokkos::View<std::int64_t*, ShardSpace> const ids("ids", kTokens);
  auto const on_host = Kokkos::create_mirror_view(ids);
  for (std::uint64_t token = 0; token < kTokens; ++token) on_host(token) = static_cast<std::int64_t>(50 * token);
  Kokkos::deep_copy(ids, on_host);
  Whole const table("model.embed_tokens.weight");
  expect_near(embedding(ids), kHidden, [&](std::uint64_t token, std::uint64_t i) { return table(50 * token, i); });
}

TEST_F(LayersTest, RmsNorm) {
  Norm const norm(*model_, "model.norm", {.epsilon = 1e-5F, .weight_offset = 1});
  Whole const weight("model.norm.weight");
  expect_near(norm(inputs(kHidden)), kHidden, [&](std::uint64_t token, std::uint64_t i) {
    double squares = 0;
    for (std::uint64_t k = 0; k < kHidden; ++k) squares += input(token, k) * input(token, k);
    return input(token, i) / std::sqrt(squares / kHidden + 1e-5) * (1 + weight(0, i));
  });
}

TEST_F(LayersTest, GatedMlp) {
  std::string const at = "model.layers.0.mlp.";
  Mlp const mlp(*model_, {at + "gate_proj", at + "up_proj", "", at + "down_proj"}, ActivationFunction::silu,
                grid_.tensor());
  Whole const gate(at + "gate_proj.weight");
  Whole const up(at + "up_proj.weight");
  Whole const down(at + "down_proj.weight");
  expect_near(mlp(inputs(kHidden)), kHidden, [&](std::uint64_t token, std::uint64_t row) {
    double sum = 0;
    for (std::uint64_t k = 0; k < 144; ++k) {
      auto const x = product(gate, k, token, kHidden);
      sum += down(row, k) * x * testing::sigmoid(x) * product(up, k, token, kHidden);
    }
    return sum;
  });
}

TEST_F(LayersTest, NamesWhatIsMissingOrDoesNotFit) {
  EXPECT_THAT(
      thrown_message<ConfigError>([&] { ColumnParallelLinear(*model_, "model.layers.7.mlp.up_proj", grid_.tensor()); }),
      HasSubstr("'model.layers.7.mlp.up_proj.weight'"));
  EXPECT_THAT(thrown_message<ConfigError>([&] { ColumnParallelLinear(*model_, "model.norm", grid_.tensor()); }),
              HasSubstr("'model.norm.weight' is a vector"));
  EXPECT_THAT(thrown_message<ConfigError>([&] { Norm(*model_, "lm_head", {}); }), HasSubstr("'lm_head.weight'"));
  ColumnParallelLinear const up(*model_, "model.layers.1.mlp.up_proj", grid_.tensor());
  EXPECT_THAT(thrown_message<ConfigError>([&] { up.local(inputs(kHidden + 1)); }), HasSubstr("takes 128 inputs"));
  EXPECT_THAT(thrown_message<ConfigError>(
                  [&] { RowParallelLinear(*model_, "model.layers.1.mlp.down_proj", grid_.tensor(), 5); }),
              HasSubstr("cannot be divided into 5 segments"));
}

TEST_F(LayersTest, RefusesAnotherCut) {
  if (grid_.tensor().size() == 1) GTEST_SKIP() << "nothing is cut for one rank";
  EXPECT_THAT(thrown_message<ConfigError>(
                  [&] { ColumnParallelLinear(*model_, "model.layers.1.mlp.down_proj", grid_.tensor()); }),
              HasSubstr("'model.layers.1.mlp.down_proj.weight' is cut along its inputs"));
  EXPECT_THAT(
      thrown_message<ConfigError>([&] { RowParallelLinear(*model_, "model.layers.1.mlp.up_proj", grid_.tensor()); }),
      HasSubstr("'model.layers.1.mlp.up_proj.weight' is cut along its outputs"));
  EXPECT_THAT(thrown_message<ConfigError>(
                  [&] { VocabParallelEmbedding(*model_, "model.layers.1.mlp.down_proj", grid_.tensor()); }),
              HasSubstr("the rows of 'model.layers.1.mlp.down_proj.weight' are cut"));
}

TEST_F(LayersTest, RefusesAnotherGroup) {
  auto const alone = ranks().split(ranks().rank(), 0);
  auto const reversed = ranks().split(0, ranks().size() - ranks().rank());
  if (grid_.tensor().size() == 1) GTEST_SKIP() << "one rank cannot be in another group";
  for (auto const* const group : {&alone, &reversed}) {
    EXPECT_THAT(
        thrown_message<ConfigError>([&] { ColumnParallelLinear(*model_, "model.layers.1.mlp.up_proj", **group); }),
        HasSubstr("'model.layers.1.mlp.up_proj.weight'"));
  }
}

}  // namespace
}  // namespace distload
