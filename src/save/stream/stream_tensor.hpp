/// StreamTensors: what a conversion reads and writes, tensor by tensor. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/tensor/box.hpp>

#include "partition/fuse.hpp"

namespace distload {

/// An extent of a tensor that is converted, on either side.
struct StreamExtent {
  std::uint32_t extent = 0;  ///< index into the `extents` of its catalog
  Box box;                   ///< in the tensor as it is loaded
  Bytes grain_bytes = 1;     ///< between two ranks it can only be cut at a multiple of this
};

/// A tensor as it is loaded: one row-major order that all of its extents, on both sides, are in.
struct StreamTensor {
  Shape shape;
  DType from = DType::f32;  ///< as it is read
  DType to = DType::f32;    ///< as it is written
  std::vector<StreamExtent> sources;
  std::vector<StreamExtent> destinations;
};

/// What a parameter is stored as: one tensor, or several if a model wants it split.
std::vector<SplitPart> stored_parts(Parameter const& parameter, TensorInfo const& tensor);

/// The parameters of a checkpoint with what they become in another one. Each is put together when it is asked for: all
/// together would take as much memory as both catalogs.
class StreamTensors {
 public:
  /// All outlive it.
  /// @param source       as it is loaded
  /// @param layout       of `source`
  /// @param destination  has a tensor for each of `stored_parts` of every parameter
  /// @param verify       blocks of the source are verified, and thus not shared by ranks
  StreamTensors(Catalog const& source, ModelLayout const& layout, Catalog const& destination, bool verify) noexcept
      : source_(&source), layout_(&layout), destination_(&destination), verify_(verify) {}

  std::size_t size() const noexcept { return layout_->parameters.size(); }

  /// The parameter of that number.
  /// @throws InternalError  the destination has not the tensors that it becomes.
  StreamTensor operator[](std::size_t number) const;

 private:
  Catalog const* source_;
  ModelLayout const* layout_;
  Catalog const* destination_;
  bool verify_;
};

}  // namespace distload
