// Reads with pread in cache-sized steps.
#include "io/engines/buffered_engine.hpp"

#include <algorithm>
#include <utility>

#include "base/fault.hpp"
#include "io/engines/read_runs.hpp"

namespace distload {
namespace {

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
  // Each run has a pread of its own; only those without destination gain from being taken together.
  auto const neighbours = short_neighbours(order, [](Run const&, Run const&, Run const&) { return true; });
  share_out(catalog, neighbours.size(), options, threads_,
            [&](std::size_t i, ReadOptions const& guarded, BlockVerifier& verifier) {
              auto const runs = neighbours[i];
              if (runs.size() > 1) {
                read_together(runs, order, guarded, verifier);
              } else {
                read_alone({catalog, runs.front(), order.requests_of(runs.front()), guarded, verifier});
              }
            });
}

void BufferedEngine::read_together(Neighbours runs, ReadOrder const& order, ReadOptions const& options,
                                   BlockVerifier& verifier) const {
  auto unused = passing_buffer();
  take_together(files_.catalog(), runs, order, options, verifier, [&](ActiveRun const& reading) {
    auto const& run = reading.run();
    std::span<std::byte> memory;
    if (run.destination == nullptr) {
      memory = unused.first(run.nbytes);
      unused = unused.subspan(run.nbytes);
    } else {
      memory = {run.destination, run.nbytes};
    }
    reading.fetch(files_[run.file], 0, memory);
    return memory;
  });
}

void BufferedEngine::read_alone(ActiveRun const& reading) const {
  auto const& run = reading.run();
  if (run.destination == nullptr) {
    reading.start();
    reading.read_passing(files_[run.file], 0, run.nbytes);
  } else {
    reading.read_in_steps(files_[run.file], reading.is_verified() ? kStepBytes : kUnverifiedStepBytes);
  }
}

}  // namespace distload
