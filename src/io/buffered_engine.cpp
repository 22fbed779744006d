// pread in cache-sized steps.
#include "io/buffered_engine.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "io/block_verifier.hpp"
#include "io/location.hpp"

namespace distload {
namespace {

/// A step that is hashed right after it arrived: it and the page cache's copy of it fit the second-level
/// cache.
constexpr Bytes kVerifiedStepBytes = 512 * kKiB;
/// A step that nobody looks at again.
constexpr Bytes kUnverifiedStepBytes = 8 * kMiB;
/// What one thread takes at a time.
constexpr Bytes kThreadRunBytes = 16 * kMiB;

}  // namespace

BufferedEngine::BufferedEngine(Catalog const& catalog, std::uint32_t threads)
    : catalog_(&catalog), threads_(std::max(threads, 1U)), files_(catalog.files.size()) {}

void BufferedEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  fault_point("read");
  if (options.verify) fault_point("verify");
  auto const order = order_requests(*catalog_, requests, threads_ == 1 ? kUnlimitedRun : kThreadRunBytes);
  open_files(order);
  if (threads_ > 1 && order.runs.size() > 1) return read_by_threads(order, options);
  BlockVerifier verifier(*catalog_);
  for (auto const& run : order.runs) read_run(order, run, options, verifier);
}

void BufferedEngine::open_files(ReadOrder const& order) {
  for (auto const& run : order.runs)
    if (!files_[run.file]) files_[run.file].emplace(catalog_->files[run.file].path);
}

void BufferedEngine::read_by_threads(ReadOrder const& order, ReadOptions const& options) {
  std::mutex mutex;  // guards `failure` and the caller's on_progress
  std::exception_ptr failure;
  std::atomic<std::size_t> next{0};
  auto guarded = options;
  guarded.on_progress = [&](Bytes nbytes) {
    std::scoped_lock const lock(mutex);
    options.on_progress(nbytes);
  };
  auto const work = [&] {
    try {
      BlockVerifier verifier(*catalog_);
      for (auto i = next++; i < order.runs.size(); i = next++) read_run(order, order.runs[i], guarded, verifier);
    } catch (...) {
      next = order.runs.size();
      std::scoped_lock const lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    auto const count = std::min<std::size_t>(threads_, order.runs.size());
    for (std::size_t i = 1; i < count; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

void BufferedEngine::read_run(ReadOrder const& order, Run const& run, ReadOptions const& options,
                              BlockVerifier& verifier) const {
  auto const requests = order.requests_of(run);
  bool const verify = options.verify && std::ranges::any_of(requests, [&](auto const& request) {
                        return catalog_->extents[request.extent].has_checksums();
                      });
  auto const step = verify ? kVerifiedStepBytes : kUnverifiedStepBytes;
  if (verify) verifier.start(requests);
  for (Bytes done = 0; done < run.nbytes;) {
    std::span const part(run.destination + done, std::min(step, run.nbytes - done));
    auto const got = files_[run.file]->read_at(run.offset_bytes + done, part);
    if (got < part.size()) throw_truncated(*catalog_, requests, done + got);
    if (verify) verifier.update(part);
    done += part.size();
    options.on_progress(part.size());
  }
}

}  // namespace distload
