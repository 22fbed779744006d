/// The positions of a dataset's elements in its file.
#pragma once

#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// The extents of a dataset of `dtype` and `shape`, in row-major order of their boxes, without checksums. The caller
/// sets the numbers of tensor and file.
/// @param where  file and tensor, for messages
/// @throws NoValidCheckpoint  the bytes have no address in the file (compressed, compact, virtual, never written, ...);
///                            the message says what helps.
std::vector<Extent> extents_of(DatasetView dataset, DType dtype, Shape const& shape, std::string const& where);

}  // namespace distload::hdf5
