/// block_map: which blocks of which files and tensors are damaged. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "inspect/health.hpp"

namespace distload {

/// From best to worst.
enum class BlockState : std::uint8_t { none, verified, unverified, damaged };

/// Neighbouring cells of one state. `none`: no tensor lies there.
struct CellRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  BlockState state = BlockState::none;
};

/// A file or a tensor in cells of equal size; a cell has the worst state of the bytes in it.
struct Strip {
  std::uint32_t cells = 0;
  std::vector<CellRun> runs;  ///< without `none`
};

struct FileHealth {
  std::string path;
  Bytes size_bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t damaged = 0;
  std::uint64_t unverified = 0;
  Strip strip;
};

struct TensorHealth {
  std::string name;
  std::uint64_t blocks = 0;
  std::vector<std::uint64_t> damaged;  ///< numbers of its blocks, from 0
  Strip strip;
};

struct BlockMap {
  Health health;
  std::vector<FileHealth> files;  ///< damaged ones first, at most kMostMappedFiles
  std::uint64_t unlisted_files = 0;
  std::vector<TensorHealth> tensors;  ///< the damaged ones, at most kMostMappedTensors
  std::uint64_t damaged_tensors = 0;
  std::vector<std::string> damaged_files;  ///< of the model: tokenizer.json
};

inline constexpr std::size_t kMostMappedFiles = 100;
inline constexpr std::size_t kMostMappedTensors = 100;
inline constexpr std::uint32_t kMostCells = 200;

/// Damaged blocks by tensor.
std::vector<std::uint64_t> damaged_by_tensor(Catalog const& catalog, Health const& health);

BlockMap block_map(Catalog const& catalog, Health health);

}  // namespace distload
