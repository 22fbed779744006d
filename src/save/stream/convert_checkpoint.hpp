/// convert_checkpoint: converts a checkpoint of any size with bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/save/saver.hpp>

#include "save/extent_writer.hpp"
#include "save/tensor_spec.hpp"

namespace distload {

struct ConvertResult {
  EngineInUse engine;
  Bytes read_bytes = 0;         ///< read from storage by this rank
  std::uint64_t overflows = 0;  ///< on all ranks: finite numbers that became infinite
};

/// Local: the tensors of the new checkpoint, sorted by name; the same as after loading and saving a model: all
/// parameters, without aliases, fused, split and cast as configured.
/// @throws ConfigError  parameters are to be transposed, which conversion in file order cannot do.
std::vector<TensorSpec> converted_tensors(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype);

/// Local: the total bytes of those tensors.
Bytes converted_bytes(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) noexcept;

/// Collective over `ranks` (host memory): reads every parameter of `checkpoint`, each byte once, and writes it to
/// `writer`, which was made for `converted_tensors` with the same dtype. The caller commits.
///
/// Each rank converts its own parts of tensors; ranks communicate only to agree on failures.
/// @throws CorruptData  a block's XXH3-64 differs, naming tensor, file and byte range, or a file ends early; on all
///                      ranks.
/// @throws IoError      storage failed; on all ranks.
/// @throws OutOfBudget  not enough memory for staging; on all ranks.
ConvertResult convert_checkpoint(OpenedCheckpoint const& checkpoint, ExtentWriter& writer,
                                 ConvertOptions const& options, Communicator& ranks);

}  // namespace distload
