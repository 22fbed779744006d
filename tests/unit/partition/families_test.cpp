// The rule files of config/models on real models: shards, stages, aliases and refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_shards.hpp"
#include "model_fixture.hpp"

namespace distload::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using Stages = std::vector<std::uint32_t>;

TEST(Llama, CutsLlama38B) {
  for (std::uint32_t const ranks : {1U, 2U, 4U, 8U, 16U, 32U}) {
    expect_shards(llama_3_8b(), ranks,
                  {{"model.embed_tokens.weight", kVocab, {128256 / ranks, 4096}},
                   {"lm_head.weight", kVocab, {128256 / ranks, 4096}},
                   {"model.layers.31.self_attn.q_proj.weight", kColumn, {4096 / ranks, 4096}},
                   // Eight heads: above eight ranks, everybody holds a whole one.
                   {"model.layers.31.self_attn.k_proj.weight", kColumn, {std::max(1024 / ranks, 128U), 4096}},
                   {"model.layers.31.self_attn.v_proj.weight", kColumn, {std::max(1024 / ranks, 128U), 4096}},
                   {"model.layers.31.self_attn.o_proj.weight", kRow, {4096, 4096 / ranks}},
                   {"model.layers.31.mlp.gate_proj.weight", kColumn, {14336 / ranks, 4096}},
                   {"model.layers.31.mlp.up_proj.weight", kColumn, {14336 / ranks, 4096}},
                   {"model.layers.31.mlp.down_proj.weight", kRow, {4096, 14336 / ranks}},
                   {"model.layers.31.input_layernorm.weight", kReplicated, {4096}},
                   {"model.norm.weight", kReplicated, {4096}}});
  }
}

TEST(Llama, GivesKeyHeadsToTheRanksOfTheirQueryHeads) {
  auto const model = llama_3_8b();
  auto const layout = layout_of(model, {16, 1, 1});
  for (std::uint32_t rank = 0; rank < 16; ++rank) {
    auto const key =
        shard_layout(parameter_of(model.catalog, layout, "model.layers.0.self_attn.k_proj.weight").partition,
                     {1024, 4096}, rank, 16);
    auto const query =
        shard_layout(parameter_of(model.catalog, layout, "model.layers.0.self_attn.q_proj.weight").partition,
                     {4096, 4096}, rank, 16);
    auto const first_query_head = query.pieces.at(0).global.offset[0] / 128;
    EXPECT_EQ(key.pieces.at(0).global.offset[0] / 128, first_query_head / 4) << rank;
  }
}

TEST(Llama, PutsLayersOnStages) {
  auto const model = llama_3_8b();
  auto const layout = layout_of(model, {2, 3, 1});
  auto const stages = [&](std::string const& name) { return parameter_of(model.catalog, layout, name).stages; };
  EXPECT_EQ(stages("model.embed_tokens.weight"), Stages{0});
  EXPECT_EQ(stages("model.layers.10.mlp.up_proj.weight"), Stages{0});
  EXPECT_EQ(stages("model.layers.11.mlp.up_proj.weight"), Stages{1});
  EXPECT_EQ(stages("model.layers.22.mlp.up_proj.weight"), Stages{2});
  EXPECT_EQ(stages("model.norm.weight"), Stages{2});
  EXPECT_EQ(stages("lm_head.weight"), Stages{2});
}

TEST(Llama, AliasesATiedHeadThatIsNotStored) {
  auto const model = llama_3_2_1b();
  auto const layout = layout_of(model, {1, 4, 1});
  ASSERT_EQ(layout.aliases.size(), 1U);
  EXPECT_EQ(layout.aliases[0].name, "lm_head.weight");
  EXPECT_EQ(layout.aliases[0].target, "model.embed_tokens.weight");
  EXPECT_EQ(parameter_of(model.catalog, layout, "model.embed_tokens.weight").stages, (Stages{0, 3}));
  EXPECT_EQ(layout.parameters.size(), model.catalog.tensors.size());
}

TEST(Llama, LoadsAnUntiedHead) {
  auto const model = llama_3_8b();
  auto const layout = layout_of(model, {1, 1, 1});
  EXPECT_TRUE(layout.aliases.empty());
  EXPECT_EQ(layout.parameters.size(), model.catalog.tensors.size());
}

TEST(Llama, KnowsBuffersBiasesAndClassifiers) {
  auto model = llama_3_2_1b();
  model.catalog = make_catalog({{"model.embed_tokens.weight", {128256, 2048}},
                                {"model.layers.{layer}.self_attn.rotary_emb.inv_freq", {32}},
                                {"model.layers.{layer}.self_attn.q_proj.bias", {2048}},
                                {"model.layers.{layer}.self_attn.o_proj.bias", {2048}},
                                {"model.layers.{layer}.mlp.up_proj.bias", {8192}},
                                {"model.layers.{layer}.mlp.down_proj.bias", {2048}},
                                {"score.weight", {2, 2048}}},
                               2);
  expect_shards(model, 4,
                {{"model.layers.1.self_attn.rotary_emb.inv_freq", kReplicated, {32}},
                 {"model.layers.1.self_attn.q_proj.bias", kColumn, {512}},
                 {"model.layers.1.self_attn.o_proj.bias", kReplicated, {2048}},
                 {"model.layers.1.mlp.up_proj.bias", kColumn, {2048}},
                 {"model.layers.1.mlp.down_proj.bias", kReplicated, {2048}},
                 {"score.weight", kReplicated, {2, 2048}}});
  EXPECT_TRUE(layout_of(model, {1, 1, 1}).aliases.empty()) << "a classifier has no lm_head";
}

TEST(Mistral, CutsMistral7B) {
  expect_shards(mistral_7b(), 4,
                {{"model.embed_tokens.weight", kVocab, {8000, 4096}},
                 {"model.layers.0.self_attn.q_proj.weight", kColumn, {1024, 4096}},
                 {"model.layers.0.self_attn.k_proj.weight", kColumn, {256, 4096}},
                 {"model.layers.0.self_attn.o_proj.weight", kRow, {4096, 1024}},
                 {"model.layers.0.mlp.down_proj.weight", kRow, {4096, 3584}}});
  EXPECT_TRUE(layout_of(mistral_7b(), {1, 1, 1}).aliases.empty());
}

TEST(Qwen2, CutsQwen205B) {
  expect_shards(qwen2_0_5b(), 2,
                {{"model.layers.0.self_attn.q_proj.weight", kColumn, {448, 896}},
                 {"model.layers.0.self_attn.q_proj.bias", kColumn, {448}},
                 {"model.layers.0.self_attn.k_proj.bias", kColumn, {64}},
                 {"model.layers.0.self_attn.o_proj.weight", kRow, {896, 448}}});
}

TEST(Qwen2, NeedsRanksThatDivideTheHeads) {
  auto const model = qwen2_0_5b();
  // 14 query heads and 2 key/value heads: seven ranks divide the former, but cannot share out the latter.
  for (std::uint32_t const ranks : {1U, 2U}) {
    EXPECT_EQ(config_error_of([&] { layout_of(model, {ranks, 1, 1}); }), "") << ranks;
  }
  auto const seven = config_error_of([&] { layout_of(model, {7, 1, 1}); });
  EXPECT_THAT(
      seven,
      HasSubstr(
          "2 kv_heads (num_key_value_heads) and 7 tensor-parallel ranks do not divide one another (decoder.yaml:"));
  EXPECT_THAT(seven, Not(HasSubstr("q_proj")));

  auto const four = config_error_of([&] { layout_of(model, {4, 1, 1}); });
  EXPECT_THAT(four,
              HasSubstr("14 heads (num_attention_heads) do not divide by 4 tensor-parallel ranks (decoder.yaml:"));
  EXPECT_THAT(four, HasSubstr("model.layers.0.self_attn.q_proj.weight [896, 896] (and so for 0-23)"));
  EXPECT_THAT(four, HasSubstr("model.layers.0.self_attn.q_proj.bias [896] (and so for 0-23)"));
  EXPECT_THAT(four, HasSubstr("model.layers.0.self_attn.o_proj.weight [896, 896] (and so for 0-23)"));
  EXPECT_THAT(four, Not(HasSubstr("k_proj"))) << "two key/value heads go to two ranks each";
  EXPECT_THAT(four, EndsWith("\n  tensor_parallel could be 1, 2"));
}

TEST(Qwen3, CutsHeadsOfTheirOwnSizeAndReplicatesTheirNorms) {
  auto const model = qwen3_0_6b();
  expect_shards(model, 16,
                {{"model.layers.27.self_attn.q_proj.weight", kColumn, {128, 1024}},
                 {"model.layers.27.self_attn.k_proj.weight", kColumn, {128, 1024}},
                 {"model.layers.27.self_attn.o_proj.weight", kRow, {1024, 128}},
                 {"model.layers.27.self_attn.q_norm.weight", kReplicated, {128}}});
  auto const layout = layout_of(model, {1, 1, 1});
  EXPECT_EQ(layout.aliases.size(), 1U) << "tied, although stored";
  EXPECT_EQ(layout.parameters.size(), model.catalog.tensors.size() - 1);
}

TEST(Bert, CutsMiniLm) {
  for (std::uint64_t const ranks : {1U, 2U, 3U, 4U}) {
    expect_shards(minilm(), static_cast<std::uint32_t>(ranks),
                  {{"embeddings.word_embeddings.weight", kVocab, {(30522 + ranks - 1) / ranks, 384}},
                   {"embeddings.position_embeddings.weight", kReplicated, {512, 384}},
                   {"embeddings.position_ids", kReplicated, {1, 512}},
                   {"encoder.layer.5.attention.self.query.weight", kColumn, {384 / ranks, 384}},
                   {"encoder.layer.5.attention.self.value.bias", kColumn, {384 / ranks}},
                   {"encoder.layer.5.attention.output.dense.weight", kRow, {384, 384 / ranks}},
                   {"encoder.layer.5.attention.output.dense.bias", kReplicated, {384}},
                   {"encoder.layer.5.intermediate.dense.weight", kColumn, {1536 / ranks, 384}},
                   {"encoder.layer.5.intermediate.dense.bias", kColumn, {1536 / ranks}},
                   {"encoder.layer.5.output.dense.weight", kRow, {384, 1536 / ranks}},
                   {"encoder.layer.5.output.LayerNorm.weight", kReplicated, {384}},
                   {"pooler.dense.weight", kReplicated, {384, 384}}});
  }
  EXPECT_TRUE(layout_of(minilm(), {1, 1, 1}).aliases.empty()) << "without a language-model head, nothing is tied";
}

TEST(Bert, RefusesMiniLmOnFiveRanksNamingAll) {
  auto const error = config_error_of([] { layout_of(minilm(), {5, 1, 1}); });
  EXPECT_THAT(error, HasSubstr("the rules of bert.yaml do not fit 60 tensors"));
  for (auto const* name : {"attention.self.query.weight [384, 384]", "attention.self.query.bias [384]",
                           "attention.self.key.weight [384, 384]", "attention.self.key.bias [384]",
                           "attention.self.value.weight [384, 384]", "attention.self.value.bias [384]",
                           "attention.output.dense.weight [384, 384]", "intermediate.dense.weight [1536, 384]",
                           "intermediate.dense.bias [1536]", "output.dense.weight [384, 1536]"}) {
    EXPECT_THAT(error, HasSubstr("\n    encoder.layer.0." + std::string(name) + " (and so for 0-5)"));
  }
  EXPECT_THAT(error, ::testing::ContainsRegex("12 heads \\([a-z_]+\\) do not divide by 5 tensor-parallel ranks"));
  EXPECT_THAT(error, HasSubstr("1536 elements along axis 0 do not divide by 5 tensor-parallel ranks"));
  EXPECT_THAT(error, HasSubstr("1536 elements along axis 1 do not divide by 5 tensor-parallel ranks"));
  EXPECT_THAT(error, EndsWith("\n  tensor_parallel could be 1, 2, 3, 4, 6, 12"));
}

TEST(Bert, TiesTheDecoderOfTheLanguageModelHead) {
  auto const model = bert_base();
  auto const layout = layout_of(model, {4, 2, 1});
  ASSERT_EQ(layout.aliases.size(), 2U);
  EXPECT_EQ(layout.aliases[0].name, "cls.predictions.decoder.weight");
  EXPECT_EQ(layout.aliases[0].target, "bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(layout.aliases[1].name, "cls.predictions.decoder.bias");
  EXPECT_EQ(layout.aliases[1].target, "cls.predictions.bias");
  EXPECT_EQ(layout.parameters.size(), model.catalog.tensors.size() - 1);
  EXPECT_EQ(parameter_of(model.catalog, layout, "bert.embeddings.word_embeddings.weight").stages, (Stages{0, 1}));
  EXPECT_EQ(shard_of(model.catalog, layout, {4, 2, 1}, "cls.predictions.bias"), (Shape{7631}));
  EXPECT_EQ(parameter_of(model.catalog, layout, "cls.predictions.transform.LayerNorm.gamma").partition.kind,
            kReplicated);
}

}  // namespace
}  // namespace distload::testing
