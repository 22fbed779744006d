/// The names in a checkpoint file and its version; FORMAT.md describes them.
#pragma once

#include <cstdint>

namespace distload::hdf5 {

inline constexpr char const* kFormatName = "distload";
inline constexpr std::uint64_t kFormatVersion = 1;

// Attributes of the root.
inline constexpr char const* kFormat = "format";
inline constexpr char const* kVersion = "format_version";
inline constexpr char const* kCommitted = "committed";
inline constexpr char const* kModelName = "model_name";
inline constexpr char const* kArchitecture = "architecture";
inline constexpr char const* kModelSize = "model_size";
inline constexpr char const* kStep = "step";
inline constexpr char const* kCreated = "created";
inline constexpr char const* kTensorParallel = "tensor_parallel";
inline constexpr char const* kWriter = "writer";
inline constexpr char const* kConfigJson = "config_json";
inline constexpr char const* kBlockSize = "block_bytes";

// Groups; the attributes of kExtra belong to the caller.
inline constexpr char const* kTensors = "tensors";
inline constexpr char const* kIndex = "index";
inline constexpr char const* kExtra = "extra";
inline constexpr char const* kFiles = "files";

// Attributes of a tensor.
inline constexpr char const* kDType = "dtype";
inline constexpr char const* kPartition = "partition";
inline constexpr char const* kAxis = "axis";

// Attribute of a file.
inline constexpr char const* kFileHash = "xxh3_64";

// Tables of the index.
inline constexpr char const* kTensorTable = "tensors";
inline constexpr char const* kExtentTable = "extents";
inline constexpr char const* kHashTable = "xxh3_64";
inline constexpr char const* kStamp = "stamp";

}  // namespace distload::hdf5
