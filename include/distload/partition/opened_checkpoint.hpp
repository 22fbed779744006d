/// OpenedCheckpoint: a checkpoint's catalog, and how its family's rules cut it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload {

struct ModelRecipe;

/// The catalog of the files, where `model.fuse` makes it differ from the catalog of what is loaded.
struct StoredCheckpoint {
  Catalog catalog;                     ///< of the files
  std::vector<std::uint32_t> extents;  ///< by extent of what is loaded: its index in `catalog`
};

/// Made by Loader::open; equal on all ranks.
struct OpenedCheckpoint {
  Catalog catalog;     ///< of what is loaded: tensors that `model.fuse` names are fused
  ModelLayout layout;  ///< of `catalog`
  std::optional<StoredCheckpoint> stored = std::nullopt;  ///< only if something is fused
  std::shared_ptr<ModelRecipe const> recipe = nullptr;    ///< to cut the model for other topologies, for the library
  std::chrono::steady_clock::time_point begin = {};       ///< of `Loader::open`, after all ranks had called it
  double open_seconds = 0;                                ///< metadata read by rank 0 and sent to all
  double partition_seconds = 0;                           ///< rules applied

  /// Of the files.
  Catalog const& stored_catalog() const noexcept { return stored ? stored->catalog : catalog; }
};

}  // namespace distload
