/// Dataspaces: shapes of datasets, and selections of boxes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <distload/tensor/box.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

using HdfDims = std::array<hsize_t, kMaxAxes>;

HdfDims to_hdf(Dims const& dims) noexcept;
Dims from_hdf(hsize_t const* values, std::size_t axes);

/// A dataspace of that shape; scalar if the shape has no axes.
Dataspace make_space(Shape const& shape);

/// A dataspace of `elements` consecutive elements.
Dataspace make_run_space(std::uint64_t elements);

int axes_of(DataspaceView space);

/// True for a null dataspace (H5S_NULL), which has no elements.
bool is_null(DataspaceView space);

/// The sizes of a dataspace of at most kMaxAxes axes.
Shape shape_of(DataspaceView space);

/// Selects exactly `box`. Scalar dataspaces are always selected as a whole.
void select_box(DataspaceView space, Box const& box);
void select_none(DataspaceView space);

}  // namespace distload::hdf5
