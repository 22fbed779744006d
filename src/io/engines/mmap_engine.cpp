// Verifies mapped ranges; delegates other requests to BufferedEngine.
#include "io/engines/mmap_engine.hpp"

#include <algorithm>
#include <utility>

#include "base/host_memory.hpp"

namespace distload {
namespace {

/// Bytes read ahead of hashing.
constexpr Bytes kAheadBytes = 8 * kMiB;
/// Mapped in one call. The page cache may have it as one page.
constexpr Bytes kPieceBytes = kHugePageBytes;
/// Hashed and copied while it is in the second-level cache.
constexpr Bytes kStepBytes = 512 * kKiB;

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
  auto const offset = mapping_.offset_of(run.file) + run.offset_bytes;
  reading.start();
  for (Bytes begin = 0; begin < run.nbytes;) {
    auto const end = std::min(round_down(offset + begin, kPieceBytes) + kPieceBytes - offset, run.nbytes);
    if (!pass_mapped(reading, begin, end)) {
      mapping_.will_need(offset + begin, std::min(kAheadBytes, run.nbytes - begin));
      reading.read_passing(mapping_.file(run.file), begin, end);
    }
    begin = end;
  }
}

bool MmapEngine::pass_mapped(ActiveRun const& reading, Bytes begin, Bytes end) const {
  auto const& run = reading.run();
  auto const offset = mapping_.offset_of(run.file) + run.offset_bytes;
  if (!mapping_.is_resident(offset + begin, end - begin) || !mapping_.prefault(offset + begin, end - begin))
    return false;
  for (auto at = begin; at < end; at += kStepBytes)
    reading.take(at, {mapping_.data() + offset + at, std::min(kStepBytes, end - at)});
  mapping_.release(offset + begin, end - begin);
  return true;
}

}  // namespace distload
