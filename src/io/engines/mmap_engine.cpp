// Verifies mapped ranges; delegates other requests to BufferedEngine.
#include "io/engines/mmap_engine.hpp"

#include <algorithm>
#include <utility>

namespace distload {
namespace {

/// Bytes read ahead of hashing.
constexpr Bytes kAheadBytes = 8 * kMiB;

}  // namespace

MmapEngine::MmapEngine(InputFiles files, std::uint32_t threads)
    : catalog_(&files.catalog()),
      threads_(std::max(threads, 1U)),
      elsewhere_(std::move(files), threads),
      mapping_(elsewhere_.files()) {}

void MmapEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  std::vector<ReadRequest> passing;
  std::vector<ReadRequest> elsewhere;
  for (auto const& request : requests) {
    bool const passes = request.destination == nullptr || is_in_place(request);
    (passes ? passing : elsewhere).push_back(request);
  }
  elsewhere_.read(elsewhere, options);
  auto const order = order_requests(*catalog_, passing, longest_run_for(threads_), options.verify);
  read_runs(*catalog_, order, options, threads_, [&](ActiveRun const& reading) { pass(reading); });
}

bool MmapEngine::is_in_place(ReadRequest const& request) const {
  auto const& extent = catalog_->extents[request.extent];
  return request.destination ==
         mapping_.data() + mapping_.offset_of(extent.file) + extent.offset_bytes + request.begin_bytes;
}

void MmapEngine::pass(ActiveRun const& reading) const {
  auto const& run = reading.run();
  if (!reading.is_verified() && run.destination != nullptr) return reading.skip_bytes();
  // Reading bytes into a small buffer is faster than mapping their pages.
  auto const offset = mapping_.offset_of(run.file) + run.offset_bytes;
  reading.read_passing(mapping_.file(run.file), [&](Bytes begin) {
    if (begin % (kAheadBytes / 2) == 0) mapping_.will_need(offset + begin, std::min(kAheadBytes, run.nbytes - begin));
  });
}

}  // namespace distload
