/// StreamTensors: the extents to read and write for each converted tensor. Pure.
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

/// An extent, of the source or the destination, of a converted tensor.
struct StreamExtent {
  std::uint32_t extent = 0;  ///< index into the `extents` of its catalog
  Box box;                   ///< in the tensor as loaded
  Bytes grain_bytes = 1;     ///< two ranks divide the extent only at multiples of this
};

/// A tensor as loaded, with its extents on both sides, whose elements are all in its row-major order.
struct StreamTensor {
  Shape shape;
  DType from = DType::f32;  ///< type in the source
  DType to = DType::f32;    ///< type in the destination
  std::vector<StreamExtent> sources;
  std::vector<StreamExtent> destinations;
};

/// The tensors that a parameter is stored as: one, or several if it is split.
std::vector<SplitPart> stored_parts(Parameter const& parameter, TensorInfo const& tensor);

/// The parameters of a checkpoint with their extents on both sides. Each is computed on request: storing all would need
/// as much memory as both catalogs.
class StreamTensors {
 public:
  /// All arguments must outlive the object.
  /// @param source       the catalog as loaded (fused)
  /// @param layout       of `source`
  /// @param destination  has the tensors of `stored_parts` of every parameter
  /// @param verify       blocks of the source are verified and therefore never divided between ranks
  StreamTensors(Catalog const& source, ModelLayout const& layout, Catalog const& destination, bool verify) noexcept
      : source_(&source), layout_(&layout), destination_(&destination), verify_(verify) {}

  std::size_t size() const noexcept { return layout_->parameters.size(); }

  /// The parameter with that number.
  /// @throws InternalError  the destination lacks one of its tensors.
  StreamTensor operator[](std::size_t number) const;

 private:
  Catalog const* source_;
  ModelLayout const* layout_;
  Catalog const* destination_;
  bool verify_;
};

}  // namespace distload
