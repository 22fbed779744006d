/// ContentSample: a fingerprint of a file from a bounded number of bytes, to detect different files under the same
/// name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Size of a sampled block.
inline constexpr Bytes kSampledBytes = 4 * kKiB;
/// Maximum number of sampled blocks per file, and per checkpoint if it does not have more files than that.
inline constexpr std::size_t kMostSamplesOfFile = 16;
inline constexpr std::size_t kMostSamples = 256;
/// Maximum number of bytes hashed before a file's tensors, and after them: headers, and the index of distload's files.
inline constexpr Bytes kMostHeaderBytes = 16 * kMiB;

struct ContentSample {
  bool is_readable = false;
  Bytes size_bytes = 0;
  std::uint64_t header = 0;           ///< XXH3-64 of the bytes before and after the tensors
  std::vector<std::uint64_t> blocks;  ///< XXH3-64 of each sampled block
  std::string problem;                ///< why the file cannot be read; empty on success
};

/// A range of a file and its tensor.
struct SampledBlock {
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
  std::uint32_t tensor = 0;
};

/// The sampled blocks of file number `file`, spread evenly over the bytes of its tensors. Equal on all ranks.
std::vector<SampledBlock> sampled_blocks(Catalog const& catalog, std::uint32_t file);

/// Local: samples every file, or file number `file`. A file that cannot be read is not an error here.
std::vector<ContentSample> sample_content(Catalog const& catalog);
ContentSample sample_content(Catalog const& catalog, std::uint32_t file);

}  // namespace distload
