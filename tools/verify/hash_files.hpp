/// Hashing files block by block, and as wholes, by several threads; every byte is read once.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// A block of an extent by where it lies in its file.
struct FileBlock {
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
  std::uint32_t number = 0;  ///< of its hash in `Catalog::block_hashes`
};

/// What one thread reads at a time.
struct HashTask {
  std::uint32_t file = 0;
  Bytes size_bytes = 0;           ///< of the file
  std::vector<FileBlock> blocks;  ///< in the order of the file
  bool is_whole_file = false;     ///< everything between the blocks is read as well, for SHA-256
};

/// This rank's part of hashing the files of `catalog`, whose extents have been given blocks; all ranks make theirs from
/// the same catalog. Whole files go to the rank that has least to do; otherwise parts of some
/// MiB go round.
std::vector<HashTask> hash_tasks(Catalog const& catalog, bool whole_files, std::uint32_t rank, std::uint32_t ranks);

/// Which rank reads which file, so that the busiest rank has as little as possible: the largest first, each to whoever
/// has least.
std::vector<std::uint32_t> deal_out(std::span<Bytes const> sizes, std::uint32_t ranks);

/// Not collective: XXH3-64 of every block to its place in `block_hashes`, SHA-256 of whole files to theirs in
/// `sha256`, by file.
/// @throws CorruptData  a file ends early.
/// @throws IoError      the system refuses to read.
void run_hash_tasks(Catalog const& catalog, std::span<HashTask const> tasks, std::uint32_t threads,
                    std::span<std::uint64_t> block_hashes, std::span<std::string> sha256);

/// Not collective: SHA-256 of a file, 64 hex digits in lower case.
/// @throws IoError  the system refuses to read.
std::string sha256_of_file(std::string const& path);

/// Calls `work` with every number below `count`, on up to `threads` threads at a time, the caller's among them.
/// @throws whatever `work` throws first; then no further number is begun.
void for_each_in_parallel(std::size_t count, std::uint32_t threads, std::function<void(std::size_t)> const& work);

}  // namespace distload
