/// The rows of the index's tables: their HDF5 types and their bytes, which are equal in memory and in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// The maximum sizes in the rows of a file.
struct RowSizes {
  std::size_t name_bytes = 1;  ///< length of the longest tensor name
  std::size_t axes = 1;        ///< largest number of axes of a tensor

  friend bool operator==(RowSizes const&, RowSizes const&) = default;
};

RowSizes row_sizes_of(Catalog const& catalog);

Datatype tensor_row_type(RowSizes const& sizes);
Datatype extent_row_type(RowSizes const& sizes);

/// The sizes for which `tensor_row_type(sizes)` equals `type`; nothing if there are none.
std::optional<RowSizes> row_sizes_of(DatatypeView type);

std::vector<std::byte> encode_tensors(Catalog const& catalog, RowSizes const& sizes);
std::vector<std::byte> encode_extents(Catalog const& catalog, RowSizes const& sizes);

/// @throws CorruptData  a row has an invalid value; `path` is for the message.
std::vector<TensorInfo> decode_tensors(std::span<std::byte const> bytes, RowSizes const& sizes,
                                       std::string const& path);
std::vector<Extent> decode_extents(std::span<std::byte const> bytes, std::span<TensorInfo const> tensors,
                                   RowSizes const& sizes, std::string const& path);

}  // namespace distload::hdf5
