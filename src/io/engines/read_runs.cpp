// Reads runs in steps; each thread takes the next run until none is left.
#include "io/engines/read_runs.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "io/engines/location.hpp"

namespace distload {
namespace {

/// Step size: buffer and page-cache copy fit the second-level cache.
constexpr Bytes kPassingStepBytes = 512 * kKiB;

}  // namespace

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

void ActiveRun::read_part(InputFile const& file, Bytes begin, std::span<std::byte> memory) const {
  options_.before_write(memory);
  auto const got = file.read_at(run_.offset_bytes + begin, memory);
  if (got < memory.size()) throw_truncated(catalog_, requests_, begin + got);
  take(begin, memory);
}

void ActiveRun::read_in_steps(InputFile const& file, Bytes step_bytes) const {
  start();
  for (Bytes begin = 0; begin < run_.nbytes; begin += step_bytes)
    read_part(file, begin, {run_.destination + begin, std::min(step_bytes, run_.nbytes - begin)});
}

void ActiveRun::read_passing(InputFile const& file, Bytes begin, Bytes end) const {
  thread_local std::vector<std::byte> buffer(kPassingStepBytes);
  for (; begin < end; begin += kPassingStepBytes)
    read_part(file, begin, std::span(buffer).first(std::min(kPassingStepBytes, end - begin)));
}

void share_out(Catalog const& catalog, std::size_t count, ReadOptions const& options, std::uint32_t threads,
               WorkUnit const& unit) {
  auto const workers = std::min<std::size_t>(threads, count);
  if (workers <= 1) {
    BlockVerifier verifier(catalog);
    for (std::size_t i = 0; i < count; ++i) unit(i, options, verifier);
    return;
  }
  std::mutex mutex;  // guards `failure` and the caller's on_progress
  std::exception_ptr failure;
  std::atomic<std::size_t> next{0};
  auto guarded = options;
  guarded.on_progress = [&](Bytes nbytes) {
    std::scoped_lock const lock(mutex);
    options.on_progress(nbytes);
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

void read_runs(Catalog const& catalog, ReadOrder const& order, ReadOptions const& options, std::uint32_t threads,
               RunReader const& read_run) {
  share_out(catalog, order.runs.size(), options, threads,
            [&](std::size_t i, ReadOptions const& guarded, BlockVerifier& verifier) {
              auto const& run = order.runs[i];
              read_run({catalog, run, order.requests_of(run), guarded, verifier});
            });
}

}  // namespace distload
