/// module_tree: the modules of a model by its tensors' names, with their sizes. Modules of one parent that differ only
/// in their number (layers, experts) are one row. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// A module or a tensor, or several that are alike.
struct TreeRow {
  std::string name;               ///< within its parent: "layers", "0-31", "q_proj.weight"
  std::uint64_t alike = 1;        ///< modules that the row stands for, within one parent
  std::uint64_t copies = 1;       ///< in the whole model: `alike` of this row and of all above it
  std::uint64_t tensors = 0;      ///< of all copies
  Bytes nbytes = 0;               ///< of all copies
  std::uint64_t damaged = 0;      ///< damaged blocks of all copies
  std::vector<DType> dtypes;      ///< in the order of `DType`
  bool is_tensor = false;         ///< has a shape and no rows below
  Shape shape;                    ///< in numbers, of a tensor
  std::vector<TreeRow> children;  ///< in the order of their names, numbers by value
  /// What is not listed below the row, because the page has a limit.
  std::uint64_t unlisted_rows = 0;
  std::uint64_t unlisted_tensors = 0;
  Bytes unlisted_bytes = 0;
};

/// What a tree may have. Large rows are kept before small ones.
struct TreeLimits {
  std::size_t rows = 3000;
  std::size_t children = 200;  ///< of one row
};

/// The root stands for the whole model, and has no name.
/// @param damaged  blocks by tensor; empty: none
TreeRow module_tree(Catalog const& catalog, std::span<std::uint64_t const> damaged, TreeLimits const& limits = {});

}  // namespace distload
