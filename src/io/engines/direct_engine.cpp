// Submits aligned requests; completes them in order.
#include "io/engines/direct_engine.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "base/system.hpp"
#include "io/engines/block_verifier.hpp"
#include "io/engines/io_ring.hpp"
#include "io/engines/location.hpp"

namespace distload {
namespace {

constexpr Bytes kRequestBytes = 8 * kMiB;
/// At least the alignment that any device requires.
constexpr Bytes kBufferAlignment = 64 * kKiB;

}  // namespace

DirectEngine::DirectEngine(InputFiles files, std::uint32_t depth, Buffers buffers)
    : catalog_(&files.catalog()),
      depth_(std::max(depth, 1U)),
      use_(buffers),
      files_(std::move(files)),
      alignments_(catalog_->files.size()) {
  assert(files_.caching() == Caching::none);
}

DirectEngine::~DirectEngine() = default;

std::uint32_t DirectEngine::depth_for(std::uint32_t ranks_of_node) noexcept {
  constexpr std::uint32_t kOfNode = 32;
  constexpr std::uint32_t kLeast = 4;
  constexpr std::uint32_t kMost = 16;
  return std::clamp(kOfNode / ranks_of_node, kLeast, kMost);
}

void DirectEngine::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  fault_point("read");
  if (options.verify) fault_point("verify");
  auto const order = order_requests(*catalog_, requests, kUnlimitedRun, options.verify);
  if (order.runs.empty()) return;
  open_files(order);
  if (!ring_) ring_ = std::make_unique<IoRing>(depth_);
  try {
    read_all(order, options);
  } catch (...) {
    // Requests in flight write to memory that the caller may now free; destroying the ring waits for them.
    ring_.reset();
    throw;
  }
}

void DirectEngine::read_all(ReadOrder const& order, ReadOptions const& options) {
  BlockVerifier verifier(*catalog_);
  std::deque<Step> steps;   // in flight, in the order in which they are completed
  std::uint64_t first = 0;  // number of the first step
  std::uint64_t buffered = 0;
  std::uint64_t buffered_retired = 0;
  auto run = order.runs.begin();
  Bytes begin = 0;
  auto const start_next = [&] {
    auto step = step_at(*run, begin);
    if (step.is_buffered) {
      if (buffered - buffered_retired == use_.bytes / use_.each) return false;
      step.destination = {buffer(buffered++), round_up(step.skipped + step.nbytes, alignments_[run->file]->offset)};
    }
    if (!step.is_buffered) options.before_write(step.destination);
    submit(step, first + steps.size());
    begin += step.nbytes;
    steps.push_back(step);
    if (begin == run->nbytes) {
      ++run;
      begin = 0;
    }
    return true;
  };
  while (run != order.runs.end() || !steps.empty()) {
    while (run != order.runs.end() && steps.size() < depth_ && start_next()) continue;
    while (!steps.front().is_done) wait(steps, first);
    retire(steps.front(), order, options, verifier);
    if (steps.front().is_buffered) ++buffered_retired;
    steps.pop_front();
    ++first;
  }
}

std::byte* DirectEngine::buffer(std::uint64_t number) {
  if (buffers_.data() == nullptr) {
    buffers_ = HostMemory(use_.bytes, PageSize::huge);
    ring_->register_memory({buffers_.data(), use_.bytes});
  }
  return buffers_.data() + number % (use_.bytes / use_.each) * use_.each;
}

void DirectEngine::submit(Step const& step, std::uint64_t number) {
  ring_->read(files_[step.run->file].descriptor(), step.offset + step.arrived, step.destination.subspan(step.arrived),
              number);
}

void DirectEngine::wait(std::deque<Step>& steps, std::uint64_t first) {
  auto const completion = ring_->wait();
  auto& step = steps[completion.id - first];
  if (completion.result == -EAGAIN || completion.result == -EINTR) return submit(step, completion.id);
  if (completion.result < 0) {
    step.error = -completion.result;
    step.is_done = true;
    return;
  }
  auto const came = static_cast<Bytes>(completion.result);
  step.arrived += came;
  // Only at the end of the file does the system return a part that is not a multiple of the device's blocks.
  step.is_done =
      came == 0 || came % alignments_[step.run->file]->offset != 0 || step.arrived == step.destination.size();
  if (!step.is_done) submit(step, completion.id);
}

void DirectEngine::open_files(ReadOrder const& order) {
  for (auto const& run : order.runs) {
    if (alignments_[run.file]) continue;
    auto const& file = files_.open(run.file);
    auto const alignment = direct_alignment_of(file.descriptor());
    if (alignment.offset > kBufferAlignment / 2 || alignment.memory > kBufferAlignment) {
      throw IoError(file.path() + ": direct reads must be aligned to " + format_bytes(alignment.offset));
    }
    alignments_[run.file] = alignment;
  }
}

DirectEngine::Step DirectEngine::step_at(Run const& run, Bytes begin) const {
  auto const& alignment = *alignments_[run.file];
  auto const offset = run.offset_bytes + begin;
  auto const rest = run.nbytes - begin;
  auto* const destination = run.destination == nullptr ? nullptr : run.destination + begin;
  Step step;
  step.run = &run;
  step.begin = begin;
  step.skipped = offset % alignment.offset;
  step.offset = offset - step.skipped;
  step.is_buffered = use_.for_all || destination == nullptr || step.skipped != 0 ||
                     reinterpret_cast<std::uintptr_t>(destination) % alignment.memory != 0 || rest < alignment.offset;
  if (step.is_buffered) {
    // Alignment may add bytes at both ends.
    step.nbytes = std::min(rest, use_.each - kBufferAlignment - step.skipped);
  } else {
    step.nbytes = round_down(std::min(rest, kRequestBytes), alignment.offset);
    step.destination = {destination, step.nbytes};
  }
  return step;
}

void DirectEngine::retire(Step const& step, ReadOrder const& order, ReadOptions const& options,
                          BlockVerifier& verifier) const {
  auto const& run = *step.run;
  auto const requests = order.requests_of(run);
  if (step.error != 0) {
    auto const from = run.offset_bytes + step.begin;
    throw IoError("cannot read " + files_[run.file].path() + ", bytes [" + std::to_string(from) + ", " +
                  std::to_string(from + step.nbytes) + "): " + system_reason(step.error));
  }
  if (step.arrived < step.skipped + step.nbytes) {
    throw_truncated(*catalog_, requests, step.begin + std::max(step.arrived, step.skipped) - step.skipped);
  }
  std::span bytes = step.destination.subspan(step.skipped, step.nbytes);
  if (step.is_buffered && run.destination != nullptr) {
    options.before_write({run.destination + step.begin, step.nbytes});
    std::ranges::copy(bytes, run.destination + step.begin);
    bytes = {run.destination + step.begin, step.nbytes};
  }
  if (options.verify) {
    if (step.begin == 0) verifier.start(requests);
    verifier.update(bytes);
  }
  if (run.destination == nullptr) options.on_bytes(passing_bytes(*catalog_, run, requests, step.begin, bytes));
  options.on_progress(step.nbytes);
}

std::optional<std::string> why_not_direct(Catalog const& catalog) {
  try {
    IoRing const ring(1);
    // Only opening with O_DIRECT shows whether the file system supports it.
    if (!catalog.files.empty()) InputFile const file(catalog.files.front().path, Caching::none);
  } catch (IoError const& error) {
    return error.what();
  }
  return std::nullopt;
}

}  // namespace distload
