// Keeps what partition_model reads, and sends it.
#include "partition/model_recipe.hpp"

#include <string>
#include <utility>

#include "base/wire.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "partition/rules/rules_message.hpp"

namespace distload {
namespace {

void put_texts(WireWriter& out, std::vector<std::string> const& texts) {
  out.put(texts.size());
  for (auto const& text : texts) out.put_text(text);
}

std::vector<std::string> get_texts(WireReader& in) {
  std::vector<std::string> texts(in.get_count(WireReader::kTextBytes));
  for (auto& text : texts) text = in.get_text();
  return texts;
}

void put_options(WireWriter& out, LayoutOptions const& options) {
  out.put_all(options.pipeline_layers);
  out.put(options.transpose);
  out.put(options.uneven);
  out.put(options.missing);
  out.put(options.unexpected);
  put_texts(out, options.fuse);
  put_texts(out, options.split);
  out.put_text(options.config_file);
  put_texts(out, options.same_bytes);
}

LayoutOptions get_options(WireReader& in) {
  LayoutOptions options;
  options.pipeline_layers = in.get_all<std::uint32_t>();
  options.transpose = in.get<std::uint8_t>() != 0;
  options.uneven = in.get<std::uint8_t>() != 0;
  options.missing = in.get_enum(Tolerance::ignore);
  options.unexpected = in.get_enum(Tolerance::ignore);
  options.fuse = get_texts(in);
  options.split = get_texts(in);
  options.config_file = in.get_text();
  options.same_bytes = get_texts(in);
  return options;
}

}  // namespace

std::shared_ptr<ModelRecipe const> make_recipe(Catalog const& catalog, FamilyRules rules, LayoutOptions options,
                                               std::optional<DType> dtype) {
  auto recipe = std::make_shared<ModelRecipe>();
  auto& kept = recipe->catalog;
  kept.format = catalog.format;
  kept.path = catalog.path;
  kept.metadata = catalog.metadata;
  kept.tensors = catalog.tensors;
  kept.extents.reserve(kept.tensors.size());
  for (std::uint32_t index = 0; index < kept.tensors.size(); ++index) {
    auto& tensor = kept.tensors[index];
    tensor.first_extent = index;
    tensor.extent_count = 1;
    Extent extent;
    extent.tensor = index;
    extent.nbytes = tensor.nbytes();
    extent.box = whole(tensor.shape);
    kept.extents.push_back(extent);
  }
  recipe->rules = std::move(rules);
  recipe->options = std::move(options);
  if (recipe->options.config_file.empty()) recipe->options.config_file = config_file_of(catalog);
  recipe->dtype = dtype;
  return recipe;
}

std::vector<std::byte> serialize(ModelRecipe const& recipe) {
  WireWriter out;
  put_rules(out, recipe.rules);
  put_options(out, recipe.options);
  out.put(recipe.dtype.has_value());
  out.put(recipe.dtype.value_or(DType::f32));
  serialize(recipe.catalog, out);
  return out.take();
}

ModelRecipe deserialize_recipe(std::span<std::byte const> bytes) {
  WireReader in(bytes);
  ModelRecipe recipe;
  recipe.rules = get_rules(in);
  recipe.options = get_options(in);
  bool const has_dtype = in.get<std::uint8_t>() != 0;
  auto const dtype = in.get_enum(kLastDType);
  if (has_dtype) recipe.dtype = dtype;
  recipe.catalog = deserialize_catalog(in.get_rest());
  return recipe;
}

}  // namespace distload
