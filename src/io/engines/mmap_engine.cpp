// Verifies and copies mapped ranges; delegates long requests with other destinations to BufferedEngine.
#include "io/engines/mmap_engine.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/host_memory.hpp"

namespace distload {
namespace {

/// Bytes read ahead of hashing.
constexpr Bytes kAheadBytes = 8 * kMiB;
/// Mapped in one call. The page cache may have it as one page.
constexpr Bytes kPieceBytes = kHugePageBytes;
/// Gaps between short neighbours that are mapped with them.
constexpr Bytes kGapBytes = 64 * kKiB;

}  // namespace

MmapEngine::MmapEngine(InputFiles files, std::uint32_t threads)
    : catalog_(&files.catalog()),
      threads_(std::max(threads, 1U)),
      elsewhere_(std::move(files), threads),
      mapping_(elsewhere_.files()) {}

void MmapEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  std::vector<ReadRequest> mapped;
  std::vector<ReadRequest> elsewhere;
  for (auto const& request : requests) {
    bool const is_mapped = request.destination == nullptr || request.nbytes <= kShortRunBytes || is_in_place(request);
    (is_mapped ? mapped : elsewhere).push_back(request);
  }
  elsewhere_.read(elsewhere, options);
  auto const order = order_requests(*catalog_, mapped, longest_run_for(threads_), options.verify);
  auto const neighbours = neighbours_in(order);
  share_out(*catalog_, neighbours.size(), options, threads_,
            [&](std::size_t i, ReadOptions const& guarded, BlockVerifier& verifier) {
              auto const runs = neighbours[i];
              if (runs.size() > 1 && copy_mapped(runs, order, guarded, verifier)) return;
              for (auto const& run : runs) read_alone({*catalog_, run, order.requests_of(run), guarded, verifier});
            });
}

std::vector<Neighbours> MmapEngine::neighbours_in(ReadOrder const& order) const {
  auto const piece_of = [&](Run const& run) { return (mapping_.offset_of(run.file) + run.offset_bytes) / kPieceBytes; };
  return short_neighbours(order, [&](Run const& first, Run const& previous, Run const& run) {
    return !is_in_place(first) && !is_in_place(run) && run.file == first.file && piece_of(run) == piece_of(first) &&
           run.offset_bytes <= previous.offset_bytes + previous.nbytes + kGapBytes;
  });
}

bool MmapEngine::is_in_place(ReadRequest const& request) const {
  auto const& extent = catalog_->extents[request.extent];
  return request.destination ==
         mapping_.data() + mapping_.offset_of(extent.file) + extent.offset_bytes + request.begin_bytes;
}

bool MmapEngine::is_in_place(Run const& run) const {
  return run.destination == mapping_.data() + mapping_.offset_of(run.file) + run.offset_bytes;
}

bool MmapEngine::copy_mapped(Neighbours runs, ReadOrder const& order, ReadOptions const& options,
                             BlockVerifier& verifier) const {
  auto const offset = mapping_.offset_of(runs.front().file);
  auto const begin = offset + runs.front().offset_bytes;
  Bytes nbytes = 0;
  for (auto const& run : runs) nbytes = std::max(nbytes, offset + run.offset_bytes + run.nbytes - begin);
  if (!mapping_.is_resident(begin, nbytes) || !mapping_.prefault(begin, nbytes)) return false;
  take_together(*catalog_, runs, order, options, verifier, [&](ActiveRun const& reading) {
    auto const& run = reading.run();
    std::span<std::byte const> const bytes(mapping_.data() + offset + run.offset_bytes, run.nbytes);
    if (run.destination != nullptr) {
      options.before_write({run.destination, run.nbytes});
      std::memcpy(run.destination, bytes.data(), bytes.size());
    }
    return bytes;
  });
  mapping_.release(begin, nbytes);
  return true;
}

void MmapEngine::read_alone(ActiveRun const& reading) const {
  auto const& run = reading.run();
  if (run.destination == nullptr || is_in_place(run)) return pass(reading);
  reading.read_in_steps(mapping_.file(run.file), kStepBytes);
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
