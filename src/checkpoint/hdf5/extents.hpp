/// Where the elements of a dataset lie in its file.
#pragma once

#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// The extents of a dataset of `dtype` and `shape`, in row-major order of their boxes, without checksums and with the
/// numbers of tensor and file left to the caller.
/// @param where  file and tensor, for messages
/// @throws NoValidCheckpoint  its bytes cannot be addressed (compressed, compact, virtual, never written, ...); says
/// what helps.
std::vector<Extent> extents_of(DatasetView dataset, DType dtype, Shape const& shape, std::string const& where);

}  // namespace distload::hdf5
