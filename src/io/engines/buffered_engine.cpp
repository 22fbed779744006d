// pread in cache-sized steps.
#include "io/engines/buffered_engine.hpp"

#include <algorithm>

#include "base/fault.hpp"
#include "io/engines/read_runs.hpp"

namespace distload {
namespace {

/// A step that is hashed right after it arrived: it and the page cache's copy of it fit the second-level
/// cache.
constexpr Bytes kVerifiedStepBytes = 512 * kKiB;
/// A step that is not looked at again.
constexpr Bytes kUnverifiedStepBytes = 8 * kMiB;

}  // namespace

BufferedEngine::BufferedEngine(Catalog const& catalog, std::uint32_t threads)
    : catalog_(&catalog), threads_(std::max(threads, 1U)), files_(catalog.files.size()) {}

void BufferedEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  fault_point("read");
  if (options.verify) fault_point("verify");
  auto const order = order_requests(*catalog_, requests, longest_run_for(threads_), options.verify);
  open_files(order);
  read_runs(*catalog_, order, options, threads_, [&](ActiveRun const& reading) {
    auto const& run = reading.run();
    if (run.destination == nullptr) return reading.read_passing(*files_[run.file]);
    reading.read_in_steps(*files_[run.file], reading.is_verified() ? kVerifiedStepBytes : kUnverifiedStepBytes,
                          [&](Bytes begin) { return run.destination + begin; });
  });
}

void BufferedEngine::open_files(ReadOrder const& order) {
  for (auto const& run : order.runs)
    if (!files_[run.file]) files_[run.file].emplace(catalog_->files[run.file].path);
}

}  // namespace distload
