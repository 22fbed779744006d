// Threads that take the next run until there is none left.
#include "io/run_threads.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace distload {

void read_runs(Catalog const& catalog, ReadOrder const& order, ReadOptions const& options, std::uint32_t threads,
               RunReader const& read_run) {
  auto const count = std::min<std::size_t>(threads, order.runs.size());
  if (count <= 1) {
    BlockVerifier verifier(catalog);
    for (auto const& run : order.runs) read_run(run, options, verifier);
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
      for (auto i = next++; i < order.runs.size(); i = next++) read_run(order.runs[i], guarded, verifier);
    } catch (...) {
      next = order.runs.size();
      std::scoped_lock const lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    helpers.reserve(count - 1);
    for (std::size_t i = 1; i < count; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace distload
