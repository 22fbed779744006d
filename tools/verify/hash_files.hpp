/// Hashes files block by block and as wholes, with several threads; every byte is read once.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// A block of an extent and its position in the file.
struct FileBlock {
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
  std::uint32_t number = 0;  ///< index of its hash in `Catalog::block_hashes`
};

/// What one thread reads in one task.
struct HashTask {
  std::uint32_t file = 0;
  Bytes size_bytes = 0;           ///< size of the file
  std::vector<FileBlock> blocks;  ///< in file order
  bool is_whole_file = false;     ///< the bytes between blocks are read as well, for SHA-256
};

/// This rank's tasks for hashing the files of `catalog`, whose extents have blocks; all ranks make theirs from the same
/// catalog. A whole file goes to the rank with the fewest bytes; otherwise parts of some MiB are distributed in turn.
std::vector<HashTask> hash_tasks(Catalog const& catalog, bool whole_files, std::uint32_t rank, std::uint32_t ranks);

/// The rank for each file, such that the largest sum per rank is small: files in order of decreasing size, each to the
/// rank with the fewest bytes.
std::vector<std::uint32_t> deal_out(std::span<Bytes const> sizes, std::uint32_t ranks);

/// Not collective: stores XXH3-64 of every block in `block_hashes`, and SHA-256 of whole files in `sha256`, by file.
/// @throws CorruptData  a file is too short.
/// @throws IoError      the system refuses to read.
void run_hash_tasks(Catalog const& catalog, std::span<HashTask const> tasks, std::uint32_t threads,
                    std::span<std::uint64_t> block_hashes, std::span<std::string> sha256);

/// Not collective: SHA-256 of a file, 64 hex digits in lower case.
/// @throws IoError  the system refuses to read.
std::string sha256_of_file(std::string const& path);

/// Calls `work` with every number below `count`, on up to `threads` threads including the caller's.
/// @throws the first exception of `work`; no further number is started then.
void for_each_in_parallel(std::size_t count, std::uint32_t threads, std::function<void(std::size_t)> const& work);

}  // namespace distload
