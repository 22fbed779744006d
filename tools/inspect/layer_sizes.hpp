/// layer_sizes: bytes of a model by layer and by type. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Tensors and bytes of one type.
struct DTypeSize {
  std::uint64_t tensors = 0;
  Bytes nbytes = 0;

  friend bool operator==(DTypeSize const&, DTypeSize const&) = default;
};

using SizeByDType = std::map<DType, DTypeSize>;

/// Layers of one size that follow each other.
struct LayerRun {
  std::vector<std::uint64_t> numbers;  ///< of the layers, ascending
  SizeByDType each;                    ///< of one of them
};

/// Layers that are numbered together: "model.layers.", "visual.blocks.".
struct LayerStack {
  std::string name;  ///< what stands before the number
  std::uint64_t layers = 0;
  Bytes nbytes = 0;
  std::vector<LayerRun> runs;
};

/// A module that is in no layer.
struct ModuleSize {
  std::string name;  ///< without the last part of its tensors' names
  SizeByDType size;
  Bytes nbytes = 0;
};

struct LayerSizes {
  SizeByDType all;                  ///< of the whole model
  std::vector<LayerStack> stacks;   ///< the largest first
  std::vector<ModuleSize> outside;  ///< of layers; the largest first
};

LayerSizes layer_sizes(Catalog const& catalog);

/// Bytes of all types.
Bytes nbytes_of(SizeByDType const& size) noexcept;

}  // namespace distload
