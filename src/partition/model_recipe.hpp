/// ModelRecipe: what it takes to cut a model for any topology: its tensors, the family's rules and the user's options.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "partition/partition_model.hpp"

namespace distload {

struct ModelRecipe {
  Catalog catalog;  ///< of the files: metadata and tensors, each with one extent that is the whole tensor; no files
  FamilyRules rules;
  LayoutOptions options;
  std::optional<DType> dtype = std::nullopt;  ///< `load.dtype`
};

/// The recipe of a checkpoint's `catalog`, of which names, types and shapes are kept.
std::shared_ptr<ModelRecipe const> make_recipe(Catalog const& catalog, FamilyRules rules, LayoutOptions options,
                                               std::optional<DType> dtype);

/// A recipe as a message between ranks, and back.
std::vector<std::byte> serialize(ModelRecipe const& recipe);
ModelRecipe deserialize_recipe(std::span<std::byte const> bytes);

}  // namespace distload
