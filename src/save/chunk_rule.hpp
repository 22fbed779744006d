/// How a tensor is stored for a given number of tensor-parallel ranks: contiguous, or in chunks of one rank's shard.
/// Pure.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// Tensors and chunks below this size are not worth a chunk: a reader takes them in one request anyway.
inline constexpr Bytes kMinChunkBytes = 64 * kKiB;

/// HDF5 1.10 cannot store a chunk of 4 GiB, and MPI-IO cannot transfer 2 GiB at once.
inline constexpr Bytes kMaxChunkBytes = kGiB;

/// The chunk of a tensor of `dtype` and `shape`, or nothing where it is stored contiguously: replicated and small
/// tensors, and those that `tensor_parallel` ranks cannot cut.
///
/// The chunk is one rank's shard; where a shard is several runs of the stored tensor, their greatest common block;
/// above `max_bytes` it is cut again along the outermost axes.
std::optional<Dims> chunk_of(DType dtype, Shape const& shape, Partition const& partition, std::uint32_t tensor_parallel,
                             Bytes max_bytes = kMaxChunkBytes);

}  // namespace distload
