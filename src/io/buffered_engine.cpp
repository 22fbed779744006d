// pread in cache-sized steps.
#include "io/buffered_engine.hpp"

#include <algorithm>

#include "base/fault.hpp"
#include "io/location.hpp"
#include "io/run_threads.hpp"

namespace distload {
namespace {

/// A step that is hashed right after it arrived: it and the page cache's copy of it fit the second-level
/// cache.
constexpr Bytes kVerifiedStepBytes = 512 * kKiB;
/// A step that nobody looks at again.
constexpr Bytes kUnverifiedStepBytes = 8 * kMiB;

}  // namespace

BufferedEngine::BufferedEngine(Catalog const& catalog, std::uint32_t threads)
    : catalog_(&catalog), threads_(std::max(threads, 1U)), files_(catalog.files.size()) {}

void BufferedEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  fault_point("read");
  if (options.verify) fault_point("verify");
  auto const order = order_requests(*catalog_, requests, longest_run_for(threads_));
  open_files(order);
  read_runs(*catalog_, order, options, threads_, [&](Run const& run, ReadOptions const& own, BlockVerifier& verifier) {
    read_run(run, order.requests_of(run), own, verifier);
  });
}

void BufferedEngine::open_files(ReadOrder const& order) {
  for (auto const& run : order.runs)
    if (!files_[run.file]) files_[run.file].emplace(catalog_->files[run.file].path);
}

void BufferedEngine::read_run(Run const& run, std::span<ReadRequest const> requests, ReadOptions const& options,
                              BlockVerifier& verifier) const {
  bool const verify = options.verify && verifier.has_checksums(requests);
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
