/// convert_checkpoint: one checkpoint written as another, with a bounded amount of memory however large it is.
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
  Bytes read_bytes = 0;         ///< from storage, by this rank
  std::uint64_t overflows = 0;  ///< on all ranks: numbers that were finite and have become infinite
};

/// Local: the tensors that the new checkpoint has to have, sorted by name. They are those of a model that was loaded
/// and saved: all parameters, under their own names only, fused and split and cast as the model wants them.
/// @throws ConfigError  parameters are to lie transposed, which in-order reading and writing cannot do.
std::vector<TensorSpec> converted_tensors(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype);

/// Local: the bytes of those tensors.
Bytes converted_bytes(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) noexcept;

/// Collective over `ranks` (host memory): reads every parameter of `checkpoint` and writes it to `writer`, which was
/// made for `converted_tensors` with the same dtype. Every byte is read once. The caller commits.
///
/// Tensors go from rank to file in stretches, each rank its own; apart from agreeing now and then that all is well,
/// ranks do not talk.
/// @throws CorruptData  a block's XXH3-64 differs, naming tensor, file and byte range, or a file ends early; on all
///                      ranks.
/// @throws IoError      storage failed; on all ranks.
/// @throws OutOfBudget  the staging memory is not there; on all ranks.
ConvertResult convert_checkpoint(OpenedCheckpoint const& checkpoint, ExtentWriter& writer,
                                 ConvertOptions const& options, Communicator& ranks);

}  // namespace distload
