/// Catalogs in memory for the tests of distload-inspect.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload::testing {

struct SampleTensor {
  std::string name;
  Shape shape;
  DType dtype = DType::bf16;
};

/// One file with the tensors one after the other, in blocks of `block_bytes`, with checksums.
inline Catalog sample_catalog(std::vector<SampleTensor> tensors, Bytes block_bytes = 64) {
  std::ranges::sort(tensors, {}, &SampleTensor::name);
  Catalog catalog;
  catalog.path = "model";
  catalog.metadata.model_name = "model";
  catalog.block_bytes = block_bytes;
  Bytes offset = 0;
  for (auto& tensor : tensors) {
    TensorInfo info;
    info.name = std::move(tensor.name);
    info.dtype = tensor.dtype;
    info.shape = tensor.shape;
    info.first_extent = static_cast<std::uint32_t>(catalog.extents.size());
    info.extent_count = 1;
    catalog.metadata.model_size += volume(info.shape);
    auto const first_block = static_cast<std::uint32_t>(catalog.block_hashes.size());
    catalog.block_hashes.resize(first_block + divide_up(info.nbytes(), block_bytes));
    catalog.extents.push_back(
        {static_cast<std::uint32_t>(catalog.tensors.size()), 0, offset, info.nbytes(), whole(info.shape), first_block});
    offset += info.nbytes();
    catalog.tensors.push_back(std::move(info));
  }
  catalog.files = {{"model.bin", offset}};
  return catalog;
}

}  // namespace distload::testing
