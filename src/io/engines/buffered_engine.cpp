// Reads with pread in cache-sized steps.
#include "io/engines/buffered_engine.hpp"

#include <algorithm>
#include <utility>

#include "base/fault.hpp"
#include "io/engines/read_runs.hpp"

namespace distload {
namespace {

/// Size of a step that is hashed immediately: destination and page-cache copy fit the second-level cache.
constexpr Bytes kVerifiedStepBytes = 512 * kKiB;
/// Size of a step that is not hashed.
constexpr Bytes kUnverifiedStepBytes = 8 * kMiB;

}  // namespace

BufferedEngine::BufferedEngine(InputFiles files, std::uint32_t threads)
    : threads_(std::max(threads, 1U)), files_(std::move(files)) {}

void BufferedEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  fault_point("read");
  if (options.verify) fault_point("verify");
  auto const& catalog = files_.catalog();
  auto const order = order_requests(catalog, requests, longest_run_for(threads_), options.verify);
  for (auto const& run : order.runs) files_.open(run.file);
  read_runs(catalog, order, options, threads_, [&](ActiveRun const& reading) {
    auto const& run = reading.run();
    if (run.destination == nullptr) {
      reading.start();
      return reading.read_passing(files_[run.file], 0, run.nbytes);
    }
    reading.read_in_steps(files_[run.file], reading.is_verified() ? kVerifiedStepBytes : kUnverifiedStepBytes);
  });
}

}  // namespace distload
