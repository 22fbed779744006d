/// Datasets: creating, opening, locating, reading and writing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/tensor/dims.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

enum class Layout : std::uint8_t { contiguous, chunked, compact, other };

/// How a dataset is stored.
struct Storage {
  Layout layout = Layout::other;
  int filters = 0;         ///< number of filters in its pipeline, e.g. a compression
  int external_files = 0;  ///< number of other files that hold its bytes
  Dims chunk;              ///< sizes of a chunk; empty unless chunked
};

/// A chunk that is stored in the file.
struct Chunk {
  Dims position;  ///< of its first element in the dataset
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

Dataset create_dataset(GroupView parent, std::string const& name, DatatypeView type, DataspaceView space,
                       PropertyListView creation_list);
Dataset open_dataset(GroupView parent, std::string const& name);

Datatype type_of(DatasetView dataset);
Dataspace space_of(DatasetView dataset);
Storage storage_of(DatasetView dataset);

/// Offset in the file of a contiguous dataset's first byte; nothing if no space is allocated.
std::optional<Bytes> offset_of(DatasetView dataset);

/// Number of stored chunks. The call for one chunk takes time proportional to the chunk's index.
std::uint64_t chunk_count(DatasetView dataset, DataspaceView space);
Chunk chunk_at(DatasetView dataset, DataspaceView space, std::uint64_t index);

/// Transfers the selection of `in_file` from or to the selection of `in_memory`. Less than 2 GiB.
void read(DatasetView dataset, DatatypeView memory_type, DataspaceView in_memory, DataspaceView in_file,
          PropertyListView transfer_list, void* destination);
void write(DatasetView dataset, DatatypeView memory_type, DataspaceView in_memory, DataspaceView in_file,
           PropertyListView transfer_list, void const* source);

/// Transfers a whole dataset without conversion.
void read_all(DatasetView dataset, void* destination);
void write_all(DatasetView dataset, void const* source);

}  // namespace distload::hdf5
