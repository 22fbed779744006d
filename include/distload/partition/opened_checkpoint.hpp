/// OpenedCheckpoint: a checkpoint's metadata, and how the family's rules cut it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload {

/// A checkpoint as it is stored, where that is not as it is loaded.
struct StoredCheckpoint {
  Catalog catalog;
  std::vector<std::uint32_t> extents;  ///< for each extent as it is loaded, its index in `catalog`
};

/// A checkpoint whose metadata every rank has.
struct OpenedCheckpoint {
  Catalog catalog;  ///< as it is loaded: with the tensors fused that `model.fuse` names
  ModelLayout layout;
  std::optional<StoredCheckpoint> stored = std::nullopt;  ///< only if something is fused
  std::chrono::steady_clock::time_point begin = {};       ///< of `Loader::open`, once all ranks had come
  double open_seconds = 0;                                ///< metadata read by rank 0 and sent to all
  double partition_seconds = 0;                           ///< rules applied

  Catalog const& stored_catalog() const noexcept { return stored ? stored->catalog : catalog; }
};

}  // namespace distload
