// Writes catalogs and config.json.
#include "unit/redistribute/small_models.hpp"

#include <algorithm>
#include <utility>

#include "partition/rules/rule_directories.hpp"

namespace distload::testing {
namespace {

constexpr std::uint32_t kLayers = 3;
constexpr std::uint64_t kVocabulary = 101;

class CatalogMaker {
 public:
  void add(std::string name, Shape const& shape) {
    TensorInfo tensor;
    tensor.name = std::move(name);
    tensor.dtype = DType::f32;
    tensor.shape = shape;
    catalog_.tensors.push_back(std::move(tensor));
  }

  std::shared_ptr<ModelRecipe const> recipe(std::string const& family, std::string config_json, LayoutOptions options,
                                            std::optional<DType> dtype) && {
    std::ranges::sort(catalog_.tensors, {}, &TensorInfo::name);
    catalog_.path = family;
    catalog_.metadata.config_json = std::move(config_json);
    auto rules = find_rules(
        {.family = family, .config_json = catalog_.metadata.config_json, .directories = default_rule_directories()});
    return make_recipe(catalog_, std::move(rules), std::move(options), dtype);
  }

 private:
  Catalog catalog_;
};

std::string config(std::string const& family, std::uint64_t hidden, std::uint64_t heads, std::uint64_t kv_heads,
                   std::uint64_t head_dim, std::uint64_t intermediate) {
  auto const pair = [](std::string const& key, std::uint64_t value) {
    return ", \"" + key + "\": " + std::to_string(value);
  };
  return "{\"model_type\": \"" + family + "\"" + pair("vocab_size", kVocabulary) + pair("hidden_size", hidden) +
         pair("n_embd", hidden) + pair("num_attention_heads", heads) + pair("n_head", heads) +
         pair("num_key_value_heads", kv_heads) + pair("head_dim", head_dim) + pair("intermediate_size", intermediate) +
         pair("num_hidden_layers", kLayers) + pair("n_layer", kLayers) + pair("num_local_experts", 8) +
         ", \"tie_word_embeddings\": false}";
}

void add_frame(CatalogMaker& maker, std::uint64_t hidden) {
  maker.add("model.embed_tokens.weight", {kVocabulary, hidden});
  maker.add("lm_head.weight", {kVocabulary, hidden});
  maker.add("model.norm.weight", {hidden});
}

template <class Add>
void for_each_layer(std::string const& prefix, Add const& add) {
  for (std::uint32_t layer = 0; layer < kLayers; ++layer) add(prefix + std::to_string(layer) + ".");
}

void add_attention(CatalogMaker& maker, std::string const& layer, std::uint64_t hidden, std::uint64_t queries,
                   std::uint64_t keys) {
  maker.add(layer + "input_layernorm.weight", {hidden});
  maker.add(layer + "post_attention_layernorm.weight", {hidden});
  maker.add(layer + "self_attn.q_proj.weight", {queries, hidden});
  maker.add(layer + "self_attn.k_proj.weight", {keys, hidden});
  maker.add(layer + "self_attn.v_proj.weight", {keys, hidden});
  maker.add(layer + "self_attn.o_proj.weight", {hidden, queries});
}

}  // namespace

SmallModel small_llama(std::uint64_t hidden) {
  constexpr std::uint64_t kSize = 840;
  CatalogMaker maker;
  add_frame(maker, hidden);
  for_each_layer("model.layers.", [&](std::string const& layer) {
    add_attention(maker, layer, hidden, kSize, 1);
    maker.add(layer + "mlp.gate_proj.weight", {kSize, hidden});
    maker.add(layer + "mlp.up_proj.weight", {kSize, hidden});
    maker.add(layer + "mlp.down_proj.weight", {hidden, kSize});
  });
  return {"llama",
          std::move(maker).recipe("llama", config("llama", hidden, kSize, 1, 1, kSize), {}, {}),
          {1, 2, 3, 4, 5, 6, 7, 8}};
}

SmallModel small_gpt2() {
  constexpr std::uint64_t kHidden = 24;
  CatalogMaker maker;
  maker.add("transformer.wte.weight", {kVocabulary, kHidden});
  maker.add("transformer.wpe.weight", {6, kHidden});
  maker.add("transformer.ln_f.weight", {kHidden});
  maker.add("transformer.ln_f.bias", {kHidden});
  for_each_layer("transformer.h.", [&](std::string const& layer) {
    for (auto const* norm : {"ln_1.", "ln_2."}) {
      maker.add(layer + norm + "weight", {kHidden});
      maker.add(layer + norm + "bias", {kHidden});
    }
    auto const linear = [&](std::string const& name, std::uint64_t rows, std::uint64_t columns) {
      maker.add(layer + name + ".weight", {rows, columns});
      maker.add(layer + name + ".bias", {columns});
    };
    linear("attn.c_attn", kHidden, 3 * kHidden);
    linear("attn.c_proj", kHidden, kHidden);
    linear("mlp.c_fc", kHidden, 4 * kHidden);
    linear("mlp.c_proj", 4 * kHidden, kHidden);
  });
  auto text = config("gpt2", kHidden, 24, 24, 1, 4 * kHidden);
  text.replace(text.find("false}"), 6, "true}");
  return {"gpt2", std::move(maker).recipe("gpt2", std::move(text), {}, {}), {1, 2, 3, 4, 6, 8}};
}

SmallModel small_mixtral() {
  constexpr std::uint64_t kHidden = 8;
  constexpr std::uint64_t kWidth = 24;
  CatalogMaker maker;
  add_frame(maker, kHidden);
  for_each_layer("model.layers.", [&](std::string const& layer) {
    add_attention(maker, layer, kHidden, 24, 2);
    maker.add(layer + "block_sparse_moe.gate.weight", {8, kHidden});
    for (int expert = 0; expert < 8; ++expert) {
      auto const prefix = layer + "block_sparse_moe.experts." + std::to_string(expert) + ".";
      maker.add(prefix + "w1.weight", {kWidth, kHidden});
      maker.add(prefix + "w2.weight", {kHidden, kWidth});
      maker.add(prefix + "w3.weight", {kWidth, kHidden});
    }
  });
  return {"mixtral",
          std::move(maker).recipe("mixtral", config("mixtral", kHidden, 24, 2, 1, kWidth), {}, {}),
          {1, 2, 4, 6, 8}};
}

SmallModel small_mixtral_together() {
  constexpr std::uint64_t kHidden = 8;
  constexpr std::uint64_t kWidth = 24;
  CatalogMaker maker;
  add_frame(maker, kHidden);
  for_each_layer("model.layers.", [&](std::string const& layer) {
    add_attention(maker, layer, kHidden, 24, 2);
    maker.add(layer + "mlp.gate.weight", {8, kHidden});
    maker.add(layer + "mlp.experts.gate_up_proj", {8, 2 * kWidth, kHidden});
    maker.add(layer + "mlp.experts.down_proj", {8, kHidden, kWidth});
  });
  return {"mixtral_together",
          std::move(maker).recipe("mixtral", config("mixtral", kHidden, 24, 2, 1, kWidth), {}, {}),
          {1, 2, 4, 6, 8}};
}

SmallModel small_phi3(LayoutOptions options) {
  constexpr std::uint64_t kHidden = 8;
  constexpr std::uint64_t kWidth = 24;
  CatalogMaker maker;
  add_frame(maker, kHidden);
  for_each_layer("model.layers.", [&](std::string const& layer) {
    maker.add(layer + "input_layernorm.weight", {kHidden});
    maker.add(layer + "post_attention_layernorm.weight", {kHidden});
    maker.add(layer + "self_attn.qkv_proj.weight", {24 + 2 * 2, kHidden});
    maker.add(layer + "self_attn.o_proj.weight", {kHidden, 24});
    maker.add(layer + "mlp.gate_up_proj.weight", {2 * kWidth, kHidden});
    maker.add(layer + "mlp.down_proj.weight", {kHidden, kWidth});
  });
  return {"phi3",
          std::move(maker).recipe("phi3", config("phi3", kHidden, 24, 2, 1, kWidth), std::move(options), {}),
          {1, 2, 4, 6, 8}};
}

ModelRecipe changed(SmallModel const& model, LayoutOptions options, std::optional<DType> dtype) {
  auto recipe = *model.recipe;
  options.config_file = recipe.options.config_file;
  recipe.options = std::move(options);
  recipe.dtype = dtype;
  return recipe;
}

}  // namespace distload::testing
