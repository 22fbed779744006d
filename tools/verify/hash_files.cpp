// Reads and hashes files.
#include "verify/hash_files.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "io/files/input_file.hpp"
#include "verify/sha256.hpp"

namespace distload {
namespace {

/// Bytes are hashed while they are in the second-level cache.
constexpr Bytes kStepBytes = 512 * kKiB;
/// Size of a task that is not a whole file.
constexpr Bytes kTaskBytes = 64 * kMiB;

std::vector<std::vector<FileBlock>> blocks_by_file(Catalog const& catalog) {
  std::vector<std::vector<FileBlock>> files(catalog.files.size());
  for (auto const& extent : catalog.extents) {
    auto number = extent.first_block;
    for (Bytes begin = 0; begin < extent.nbytes; begin += catalog.block_bytes) {
      files[extent.file].push_back(
          {extent.offset_bytes + begin, std::min(catalog.block_bytes, extent.nbytes - begin), number++});
    }
  }
  for (auto& blocks : files) std::ranges::sort(blocks, {}, &FileBlock::offset_bytes);
  return files;
}

/// Reads one file from begin to end and hashes it.
class FileHasher {
 public:
  FileHasher(std::string const& path, std::optional<Sha256>& sha256)
      : file_(path), sha256_(sha256), buffer_(kStepBytes) {}

  /// @returns the number of bytes read, smaller than `nbytes` only at the end of the file.
  Bytes read_and_hash(Bytes offset, Bytes nbytes, StreamHash* hash) {
    Bytes done = 0;
    while (done < nbytes) {
      auto const part = std::span(buffer_).first(std::min(kStepBytes, nbytes - done));
      auto const got = file_.read_at(offset + done, part);
      if (hash != nullptr) hash->update(part.first(got));
      if (sha256_) sha256_->update(part.first(got));
      done += got;
      if (got < part.size()) break;
    }
    return done;
  }

  void read_and_hash_all(Bytes offset, Bytes nbytes, StreamHash* hash) {
    if (read_and_hash(offset, nbytes, hash) < nbytes)
      throw CorruptData(file_.path() + " has become shorter while it was read");
  }

 private:
  InputFile file_;
  std::optional<Sha256>& sha256_;
  std::vector<std::byte> buffer_;
};

void run(Catalog const& catalog, HashTask const& task, std::span<std::uint64_t> block_hashes,
         std::span<std::string> sums) {
  std::optional<Sha256> sha256;
  if (task.is_whole_file) sha256.emplace();
  FileHasher hasher(catalog.files[task.file].path, sha256);
  StreamHash hash;
  Bytes at = 0;
  for (auto const& block : task.blocks) {
    if (sha256) hasher.read_and_hash_all(at, block.offset_bytes - at, nullptr);
    hash.reset();
    hasher.read_and_hash_all(block.offset_bytes, block.nbytes, &hash);
    block_hashes[block.number] = hash.digest();
    at = block.offset_bytes + block.nbytes;
  }
  if (!sha256) return;
  hasher.read_and_hash_all(at, task.size_bytes - at, nullptr);
  sums[task.file] = sha256->finish();
}

}  // namespace

std::vector<std::uint32_t> deal_out(std::span<Bytes const> sizes, std::uint32_t ranks) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>{}, [&](std::size_t i) { return sizes[i]; });
  std::vector<Bytes> loads(ranks);
  std::vector<std::uint32_t> owners(sizes.size());
  for (auto const i : order) {
    auto const least = std::ranges::min_element(loads);
    owners[i] = static_cast<std::uint32_t>(least - loads.begin());
    *least += sizes[i];
  }
  return owners;
}

std::vector<HashTask> hash_tasks(Catalog const& catalog, bool whole_files, std::uint32_t rank, std::uint32_t ranks) {
  std::vector<HashTask> tasks;
  auto files = blocks_by_file(catalog);
  std::vector<Bytes> sizes;
  sizes.reserve(catalog.files.size());
  for (auto const& file : catalog.files) sizes.push_back(file.size_bytes);
  auto const owners = deal_out(sizes, ranks);
  std::uint64_t turn = 0;
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    auto& blocks = files[file];
    if (whole_files) {
      if (owners[file] == rank)
        tasks.push_back({.file = file, .size_bytes = sizes[file], .blocks = std::move(blocks), .is_whole_file = true});
      continue;
    }
    for (auto begin = blocks.begin(); begin != blocks.end();) {
      auto end = begin;
      for (Bytes total = 0; end != blocks.end() && total < kTaskBytes; ++end) total += end->nbytes;
      if (turn++ % ranks == rank) tasks.push_back({.file = file, .size_bytes = sizes[file], .blocks = {begin, end}});
      begin = end;
    }
  }
  return tasks;
}

void run_hash_tasks(Catalog const& catalog, std::span<HashTask const> tasks, std::uint32_t threads,
                    std::span<std::uint64_t> block_hashes, std::span<std::string> sha256) {
  for_each_in_parallel(tasks.size(), threads, [&](std::size_t i) { run(catalog, tasks[i], block_hashes, sha256); });
}

std::string sha256_of_file(std::string const& path) {
  std::optional<Sha256> sha256(std::in_place);
  FileHasher(path, sha256).read_and_hash(0, std::numeric_limits<std::int64_t>::max(), nullptr);
  return sha256->finish();
}

void for_each_in_parallel(std::size_t count, std::uint32_t threads, std::function<void(std::size_t)> const& work) {
  std::mutex mutex;  // guards `failure`
  std::exception_ptr failure;
  std::atomic<std::size_t> next{0};
  auto const take = [&] {
    try {
      for (auto i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      std::scoped_lock const lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads, count); ++i) helpers.emplace_back(take);
    take();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace distload
