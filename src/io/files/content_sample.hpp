/// ContentSample: enough of a file to tell it from another of the same name, for a bounded number of bytes read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Bytes of one sampled block.
inline constexpr Bytes kSampledBytes = 4 * kKiB;
/// Blocks sampled of one file, and of all files of a checkpoint together unless it has more files than that.
inline constexpr std::size_t kMostSamplesOfFile = 16;
inline constexpr std::size_t kMostSamples = 256;
/// Bytes hashed before a file's tensors, and as many behind them: the headers, and the index of distload's own files.
inline constexpr Bytes kMostHeaderBytes = 16 * kMiB;

struct ContentSample {
  bool is_readable = false;
  Bytes size_bytes = 0;
  std::uint64_t header = 0;           ///< XXH3-64 of what lies before and behind the tensors
  std::vector<std::uint64_t> blocks;  ///< XXH3-64 of each sampled block
  std::string problem;                ///< why it cannot be read
};

/// A range of a file, and the tensor that it is of.
struct SampledBlock {
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
  std::uint32_t tensor = 0;
};

/// The blocks that are sampled of file number `file`: spread evenly over the bytes of its tensors. Equal on all ranks.
std::vector<SampledBlock> sampled_blocks(Catalog const& catalog, std::uint32_t file);

/// Local: what this rank sees of every file, or of file number `file`. A file that cannot be read is no error here.
std::vector<ContentSample> sample_content(Catalog const& catalog);
ContentSample sample_content(Catalog const& catalog, std::uint32_t file);

}  // namespace distload
