// Hashing mapped pages.
#include "io/mmap_engine.hpp"

#include <algorithm>

#include "io/block_verifier.hpp"
#include "io/location.hpp"
#include "io/run_threads.hpp"

namespace distload {
namespace {

/// What storage is asked for ahead of the hashing.
constexpr Bytes kAheadBytes = 8 * kMiB;
/// What is hashed at a time: small enough for the cache of a core.
constexpr Bytes kStepBytes = 512 * kKiB;

}  // namespace

MmapEngine::MmapEngine(Catalog const& catalog, std::uint32_t threads)
    : catalog_(&catalog),
      threads_(std::max(threads, 1U)),
      mapping_(catalog),
      offsets_(mapped_offsets(catalog)),
      elsewhere_(catalog, threads) {}

void MmapEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  std::vector<ReadRequest> passing;
  std::vector<ReadRequest> elsewhere;
  for (auto const& request : requests) {
    bool const passes = request.destination == nullptr || is_in_place(request);
    (passes ? passing : elsewhere).push_back(request);
  }
  elsewhere_.read(elsewhere, options);
  auto const order = order_requests(*catalog_, passing, longest_run_for(threads_));
  read_runs(*catalog_, order, options, threads_, [&](Run const& run, ReadOptions const& own, BlockVerifier& verifier) {
    pass_run(run, order.requests_of(run), own, verifier);
  });
}

bool MmapEngine::is_in_place(ReadRequest const& request) const {
  auto const& extent = catalog_->extents[request.extent];
  return request.destination == mapping_.data() + offsets_[extent.file] + extent.offset_bytes + request.begin_bytes;
}

void MmapEngine::pass_run(Run const& run, std::span<ReadRequest const> requests, ReadOptions const& options,
                          BlockVerifier& verifier) const {
  bool const is_shown = run.destination == nullptr;
  bool const verify = options.verify && verifier.has_checksums(requests);
  if (!verify && !is_shown) return options.on_progress(run.nbytes);
  // To read bytes into the cache of a core costs less than to map their pages.
  thread_local std::vector<std::byte> buffer(kStepBytes);
  auto const offset = offsets_[run.file] + run.offset_bytes;
  if (verify) verifier.start(requests);
  for (Bytes begin = 0; begin < run.nbytes; begin += kStepBytes) {
    if (begin % (kAheadBytes / 2) == 0) mapping_.will_need(offset + begin, std::min(kAheadBytes, run.nbytes - begin));
    auto const part = std::span(buffer).first(std::min(kStepBytes, run.nbytes - begin));
    auto const got = mapping_.file(run.file).read_at(run.offset_bytes + begin, part);
    if (got < part.size()) throw_truncated(*catalog_, requests, begin + got);
    if (verify) verifier.update(part);
    if (is_shown) options.on_bytes(requests.front().number, begin, part);
    options.on_progress(part.size());
  }
}

}  // namespace distload
