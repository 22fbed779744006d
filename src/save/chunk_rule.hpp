/// How a tensor is stored for a number of tensor-parallel ranks: contiguous, or in chunks of one rank's shard. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// Smaller tensors and chunks are not chunked: a reader reads them with one request.
inline constexpr Bytes kMinChunkBytes = 64 * kKiB;

/// HDF5 1.10 cannot store chunks of 4 GiB, and MPI-IO cannot transfer 2 GiB at once.
inline constexpr Bytes kMaxChunkBytes = kGiB;

/// The chunk of a tensor of `dtype` and `shape`; nothing for tensors that are stored contiguously: replicated and small
/// ones, and those that cannot be divided among `tensor_parallel` ranks.
///
/// The chunk is one rank's shard or, if a shard consists of several runs of the stored tensor, their greatest common
/// block. Above `max_bytes` it is divided again along the outermost axes.
std::optional<Dims> chunk_of(DType dtype, Shape const& shape, Partition const& partition, std::uint32_t tensor_parallel,
                             Bytes max_bytes = kMaxChunkBytes);

}  // namespace distload
