// Checks one rank's share of the blocks.
#include "io/engines/block_check.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/host_memory.hpp"
#include "base/page_choice.hpp"
#include "io/engines/buffered_engine.hpp"
#include "io/engines/direct_engine.hpp"
#include "io/files/input_files.hpp"
#include "io/files/preflight.hpp"

namespace distload {
namespace {

/// Requests per call, so that an engine can have several in flight.
constexpr std::size_t kBlocksAtOnce = 4;

bool is_about_bytes(Error const& error) noexcept {
  return error.code() == ExitCode::corrupt_data || error.code() == ExitCode::io;
}

class BlockChecker {
 public:
  BlockChecker(Catalog const& catalog, CheckFrom from, std::function<void(Bytes)> const& on_progress)
      : catalog_(catalog), memory_(kBlocksAtOnce * catalog.block_bytes, measured_page_size()) {
    options_.on_progress = on_progress;
    bool const is_direct = from == CheckFrom::storage && !why_not_direct(catalog);
    InputFiles files(catalog, is_direct ? Caching::none : Caching::page_cache);
    // A rank's blocks are spread over all files.
    preflight(files, std::vector<bool>(catalog.files.size(), true));
    if (is_direct) {
      engine_ = std::make_unique<DirectEngine>(std::move(files), static_cast<std::uint32_t>(kBlocksAtOnce),
                                               DirectEngine::Buffers{});
      return;
    }
    if (from == CheckFrom::storage) {
      for (std::uint32_t file = 0; file < catalog.files.size(); ++file) files[file].forget_cached();
    }
    engine_ = std::make_unique<BufferedEngine>(std::move(files));
  }

  void add(ReadRequest request) {
    request.destination = memory_.data() + pending_.size() * catalog_.block_bytes;
    pending_.push_back(request);
    if (pending_.size() == kBlocksAtOnce) check_pending();
  }

  BlockFindings finish() {
    check_pending();
    return std::move(findings_);
  }

  void skip_bytes(Bytes nbytes) { findings_.unverified_bytes += nbytes; }

 private:
  void check_pending() {
    try {
      engine_->read(pending_, options_);
      for (auto const& request : pending_) findings_.verified_bytes += request.nbytes;
    } catch (Error const& error) {
      if (!is_about_bytes(error)) throw;
      // Finds all damaged blocks among the pending ones.
      for (auto const& request : pending_) check_one(request);
    }
    pending_.clear();
  }

  void check_one(ReadRequest const& request) {
    try {
      engine_->read(std::span(&request, 1), options_);
      findings_.verified_bytes += request.nbytes;
    } catch (Error const& error) {
      if (!is_about_bytes(error)) throw;
      findings_.damage.push_back(
          {request.extent, request.begin_bytes, request.nbytes, error.code() == ExitCode::io, error.what()});
    }
  }

  Catalog const& catalog_;
  HostMemory memory_;
  std::unique_ptr<Engine> engine_;
  ReadOptions options_;
  std::vector<ReadRequest> pending_;
  BlockFindings findings_;
};

void check_file(Catalog const& catalog, std::uint32_t number, CheckFrom from, BlockFindings& findings) {
  auto const& file = catalog.metadata.files[number];
  if (from == CheckFrom::storage) InputFile(file.path).forget_cached();
  try {
    static_cast<void>(content_of(file));
    findings.verified_bytes += file.nbytes;
  } catch (Error const& error) {
    if (!is_about_bytes(error)) throw;
    findings.damage.push_back({number, 0, file.nbytes, error.code() == ExitCode::io, error.what(), true});
  }
}

}  // namespace

BlockFindings check_blocks(Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks, CheckFrom from,
                           std::function<void(Bytes)> const& on_progress) {
  BlockChecker checker(catalog, from, on_progress);
  std::uint64_t number = 0;  // of the block in the whole checkpoint
  for (std::uint32_t extent = 0; extent < catalog.extents.size(); ++extent) {
    auto const& stored = catalog.extents[extent];
    for (Bytes begin = 0; begin < stored.nbytes; begin += catalog.block_bytes) {
      if (number++ % ranks != rank) continue;
      auto const nbytes = std::min(catalog.block_bytes, stored.nbytes - begin);
      if (stored.has_checksums()) {
        checker.add({extent, begin, nbytes, nullptr});
      } else {
        checker.skip_bytes(nbytes);
      }
    }
  }
  auto findings = checker.finish();
  auto const& files = catalog.metadata.files;
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    if (!files[file].hash || number++ % ranks != rank) continue;
    check_file(catalog, file, from, findings);
    on_progress(files[file].nbytes);
  }
  return findings;
}

BlockVerdict verdict_of(std::uint64_t corrupt, std::uint64_t unreadable, Bytes verified_bytes, Bytes unverified_bytes) {
  if (corrupt > 0) return {ExitCode::corrupt_data, {}};
  if (unreadable > 0) return {ExitCode::io, {}};
  if (verified_bytes == 0 && unverified_bytes > 0) {
    return {ExitCode::nothing_to_compare, "nothing to verify: there are no checksums"};
  }
  return {};
}

}  // namespace distload
