// Checked calls on dataspaces.
#include "checkpoint/hdf5/dataspace.hpp"

#include <algorithm>

namespace distload::hdf5 {

HdfDims to_hdf(Dims const& dims) noexcept {
  HdfDims values{};
  std::copy(dims.begin(), dims.end(), values.begin());
  return values;
}

Dims from_hdf(hsize_t const* values, std::size_t axes) {
  Dims dims;
  for (std::size_t axis = 0; axis < axes; ++axis) dims.push_back(values[axis]);
  return dims;
}

Dataspace make_space(Shape const& shape) {
  start_library();
  if (shape.empty()) return Dataspace(DISTLOAD_HDF5(kNoFile, H5Screate(H5S_SCALAR)));
  auto const sizes = to_hdf(shape);
  return Dataspace(DISTLOAD_HDF5(kNoFile, H5Screate_simple(static_cast<int>(shape.size()), sizes.data(), nullptr)));
}

Dataspace make_run_space(std::uint64_t elements) { return make_space(Shape{elements}); }

int axes_of(DataspaceView space) { return DISTLOAD_HDF5(kNoFile, H5Sget_simple_extent_ndims(space.id())); }

bool is_null(DataspaceView space) { return DISTLOAD_HDF5(kNoFile, H5Sget_simple_extent_type(space.id())) == H5S_NULL; }

Shape shape_of(DataspaceView space) {
  std::array<hsize_t, H5S_MAX_RANK> sizes{};
  auto const axes = DISTLOAD_HDF5(kNoFile, H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr));
  return from_hdf(sizes.data(), static_cast<std::size_t>(axes));
}

void select_box(DataspaceView space, Box const& box) {
  if (box.extent.empty()) {
    DISTLOAD_HDF5(kNoFile, H5Sselect_all(space.id()));
    return;
  }
  auto const start = to_hdf(box.offset);
  auto const count = to_hdf(box.extent);
  DISTLOAD_HDF5(kNoFile, H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr));
}

void select_none(DataspaceView space) { DISTLOAD_HDF5(kNoFile, H5Sselect_none(space.id())); }

}  // namespace distload::hdf5
