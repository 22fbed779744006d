// Hashing mapped pages.
#include "io/mmap_engine.hpp"

#include <algorithm>

#include "io/block_verifier.hpp"
#include "io/location.hpp"
#include "io/run_threads.hpp"

namespace distload {
namespace {

/// What is brought into memory at a time, and mapped by one call of the system.
constexpr Bytes kStepBytes = 4 * kMiB;

}  // namespace

MmapEngine::MmapEngine(Catalog const& catalog, std::uint32_t threads)
    : catalog_(&catalog),
      threads_(std::max(threads, 1U)),
      mapping_(catalog),
      offsets_(mapped_offsets(catalog)),
      elsewhere_(catalog, threads) {}

void MmapEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  std::vector<ReadRequest> in_place;
  std::vector<ReadRequest> elsewhere;
  for (auto const& request : requests) (is_in_place(request) ? in_place : elsewhere).push_back(request);
  elsewhere_.read(elsewhere, options);
  verify_in_place(in_place, options);
}

bool MmapEngine::is_in_place(ReadRequest const& request) const {
  auto const& extent = catalog_->extents[request.extent];
  return request.destination == mapping_.data() + offsets_[extent.file] + extent.offset_bytes + request.begin_bytes;
}

void MmapEngine::verify_in_place(std::span<ReadRequest const> requests, ReadOptions const& options) const {
  auto const order = order_requests(*catalog_, requests, longest_run_for(threads_));
  read_runs(*catalog_, order, options, threads_, [&](Run const& run, ReadOptions const& own, BlockVerifier& verifier) {
    verify_run(run, order.requests_of(run), own, verifier);
  });
}

void MmapEngine::verify_run(Run const& run, std::span<ReadRequest const> requests, ReadOptions const& options,
                            BlockVerifier& verifier) const {
  if (!options.verify || !verifier.has_checksums(requests)) return options.on_progress(run.nbytes);
  // What the file has lost since it was mapped must not be touched.
  auto const size = mapping_.file(run.file).size_bytes();
  auto const there = std::min(run.nbytes, size - std::min(size, run.offset_bytes));
  auto const offset = offsets_[run.file] + run.offset_bytes;
  verifier.start(requests);
  for (Bytes begin = 0; begin < there; begin += kStepBytes) {
    auto const nbytes = std::min(kStepBytes, there - begin);
    // The next step is on its way from storage while this one is hashed.
    mapping_.will_need(offset + begin, std::min(2 * kStepBytes, there - begin));
    mapping_.prefault(offset + begin, nbytes);
    verifier.update({mapping_.data() + offset + begin, nbytes});
    options.on_progress(nbytes);
  }
  if (there < run.nbytes) throw_truncated(*catalog_, requests, there);
}

}  // namespace distload
