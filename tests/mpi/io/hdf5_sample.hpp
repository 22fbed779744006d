/// Hdf5Sample: a small HDF5 file of random tensors, with the catalog that describes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "io/engines/engine.hpp"

namespace distload::testing {

/// The content depends only on the calls made, so that all ranks can describe what one of them writes.
class Hdf5Sample {
 public:
  /// Datasets lie in `group`, in the root if it is empty.
  Hdf5Sample(std::string path, std::string group);

  /// A tensor stored in chunks of that shape (edge chunks may be cut off on axis 0 only), or contiguously.
  void add(std::string name, DType dtype, Shape shape, Shape chunk = {});

  void write() const;
  /// Inverts the first byte of a tensor in the file.
  void damage(std::uint32_t tensor) const;

  Catalog const& catalog() const noexcept { return catalog_; }
  Catalog& catalog() noexcept { return catalog_; }
  /// What an extent holds.
  std::vector<std::byte> bytes_of(std::uint32_t extent) const;

 private:
  void add_extent(Box const& box);

  std::string group_;
  Catalog catalog_;
  std::vector<Shape> chunks_;
  std::vector<std::vector<std::byte>> contents_;  ///< by tensor, row-major
};

}  // namespace distload::testing
