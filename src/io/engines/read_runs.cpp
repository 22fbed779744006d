// Reads runs in steps; each thread takes the next unit of work until none is left.
#include "io/engines/read_runs.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "io/engines/location.hpp"

namespace distload {

ActiveRun::ActiveRun(Catalog const& catalog, Run const& run, std::span<ReadRequest const> requests,
                     ReadOptions const& options, BlockVerifier& verifier)
    : catalog_(catalog),
      run_(run),
      requests_(requests),
      options_(options),
      verifier_(verifier),
      is_verified_(options.verify && verifier.has_checksums(requests)) {}

void ActiveRun::start() const {
  if (is_verified_) verifier_.start(requests_);
}

void ActiveRun::verify(std::span<std::byte const> bytes) const {
  if (is_verified_) verifier_.update(bytes);
}

void ActiveRun::take(Bytes begin, std::span<std::byte const> bytes) const {
  verify(bytes);
  if (run_.destination == nullptr) options_.on_bytes(passing_bytes(catalog_, run_, requests_, begin, bytes));
  options_.on_progress(bytes.size());
}

void ActiveRun::fetch(InputFile const& file, Bytes begin, std::span<std::byte> memory) const {
  options_.before_write(memory);
  auto const got = file.read_at(run_.offset_bytes + begin, memory);
  if (got < memory.size()) throw_truncated(catalog_, requests_, begin + got);
}

void ActiveRun::read_part(InputFile const& file, Bytes begin, std::span<std::byte> memory) const {
  fetch(file, begin, memory);
  take(begin, memory);
}

void ActiveRun::read_in_steps(InputFile const& file, Bytes step_bytes) const {
  start();
  for (Bytes begin = 0; begin < run_.nbytes; begin += step_bytes)
    read_part(file, begin, {run_.destination + begin, std::min(step_bytes, run_.nbytes - begin)});
}

void ActiveRun::read_passing(InputFile const& file, Bytes begin, Bytes end) const {
  for (; begin < end; begin += kStepBytes)
    read_part(file, begin, passing_buffer().first(std::min(kStepBytes, end - begin)));
}

std::span<std::byte> passing_buffer() {
  thread_local std::vector<std::byte> buffer(kStepBytes);
  return buffer;
}

void take_together(Catalog const& catalog, Neighbours runs, ReadOrder const& order, ReadOptions const& options,
                   BlockVerifier& verifier, RunBytes const& bytes_of) {
  std::vector<PassingBytes> passing;
  Bytes done = 0;
  for (auto const& run : runs) {
    auto const requests = order.requests_of(run);
    ActiveRun const reading(catalog, run, requests, options, verifier);
    reading.start();
    auto const bytes = bytes_of(reading);
    reading.verify(bytes);
    done += bytes.size();
    if (run.destination != nullptr) continue;
    auto const parts = passing_bytes(catalog, run, requests, 0, bytes);
    passing.insert(passing.end(), parts.begin(), parts.end());
  }
  if (!passing.empty()) options.on_bytes(passing);
  options.on_progress(done);
}

void share_out(Catalog const& catalog, std::size_t count, ReadOptions const& options, std::uint32_t threads,
               WorkUnit const& unit) {
  auto const workers = std::min<std::size_t>(threads, count);
  if (workers <= 1) {
    BlockVerifier verifier(catalog);
    for (std::size_t i = 0; i < count; ++i) unit(i, options, verifier);
    return;
  }
  std::mutex mutex;  // guards `failure` and the caller's functions
  std::exception_ptr failure;
  std::atomic<std::size_t> next{0};
  auto guarded = options;
  guarded.on_progress = [&](Bytes nbytes) {
    std::scoped_lock const lock(mutex);
    options.on_progress(nbytes);
  };
  guarded.on_skipped = [&](Bytes nbytes) {
    std::scoped_lock const lock(mutex);
    options.on_skipped(nbytes);
  };
  auto const work = [&] {
    try {
      BlockVerifier verifier(catalog);
      for (auto i = next++; i < count; i = next++) unit(i, guarded, verifier);
    } catch (...) {
      next = count;
      std::scoped_lock const lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    helpers.reserve(workers - 1);
    for (std::size_t i = 1; i < workers; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace distload
