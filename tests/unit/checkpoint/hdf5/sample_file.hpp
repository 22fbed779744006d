/// Checkpoint files for tests: created, filled at the catalog's offsets without HDF5, and completed, all by one
/// process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/lay_out_file.hpp"
#include "support/scratch_folder.hpp"

namespace distload {

/// Made-up bytes of a box of a tensor, row-major: every element differs from its neighbours, floats are small numbers.
std::vector<std::byte> sample_bytes(TensorInfo const& tensor, Box const& box);

/// Two matrices of different types and layouts, a vector, a scalar and a tensor without elements.
std::vector<hdf5::NewTensor> sample_tensors();

CheckpointMetadata sample_metadata();

/// Creates the file, with tensors of zeros, the metadata's files and no commit mark.
hdf5::NewFile create_file(std::string const& path, CheckpointMetadata const& metadata,
                          std::span<hdf5::NewTensor const> tensors, Bytes alignment);

/// Writes the tensors' bytes, and gives the catalog their hashes.
void fill(hdf5::NewFile& file);

/// Writes checksums, commit mark and stamp.
void complete(hdf5::NewFile const& file);

/// Creates and fills the file, without commit mark.
hdf5::NewFile write_uncommitted(std::string const& path, std::vector<hdf5::NewTensor> const& tensors);

/// The same, committed.
Catalog write_sample(std::string const& path, std::vector<hdf5::NewTensor> const& tensors = sample_tensors());

std::vector<std::byte> read_bytes(std::string const& path, Bytes offset, Bytes count);
void write_bytes(std::string const& path, Bytes offset, std::vector<std::byte> const& bytes);

/// Expects that every extent's bytes lie in the file where the catalog says, and that its checksums, if any, are
/// theirs.
void expect_sample_content(Catalog const& catalog, bool with_checksums);

}  // namespace distload
