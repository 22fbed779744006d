// A program that ends in the way its argument names, for tests that look at it from outside of mpirun.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include <distload/parallel/watchdog.hpp>

#include "base/standard_streams.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/liveness/abort_action.hpp"
#include "parallel/run_job.hpp"

namespace {

using namespace distload;

void sleep_for_long() { std::this_thread::sleep_for(std::chrono::seconds(60)); }

/// Two collectives, and in between work in which DISTLOAD_FAULT may strike.
void work(MpiEnvironment& mpi) {
  Watchdog watchdog(mpi, std::chrono::milliseconds(2000));
  mpi.world().barrier();
  watchdog.enter("work");
  all_or_throw(mpi.world(), "work", [&] { watchdog.beat(); });
  mpi.world().barrier();
}

ExitCode run(MpiEnvironment& mpi, std::string const& scenario) {
  auto const rank = mpi.world().rank();
  if (scenario == "good" || scenario == "agreed") {
    work(mpi);
  } else if (scenario == "everywhere") {
    throw ConfigError("made up");
  } else if (scenario == "alone") {
    if (rank == 1) throw CorruptData("made up");
    mpi.world().barrier();
  } else if (scenario == "hang") {
    Watchdog watchdog(mpi, std::chrono::milliseconds(2000));
    watchdog.enter("hang");
    sleep_for_long();
  } else if (scenario == "stop") {
    Watchdog watchdog(mpi, std::chrono::milliseconds(2000));
    watchdog.enter("stop");
    mpi.world().barrier();
    if (rank == 1) std::raise(SIGSTOP);
    mpi.world().barrier();
  } else if (scenario == "hear") {
    std::promise<std::string> heard;
    std::once_flag once;
    Watchdog watchdog(mpi, {std::chrono::milliseconds(1000), [&](std::string const& message) {
                              std::call_once(once, [&] { heard.set_value(message); });
                            }});
    watchdog.enter("hear");
    std::fprintf(stderr, "heard: %s\n", heard.get_future().get().c_str());
  } else if (scenario == "sleep") {
    mpi.world().barrier();
    if (rank == 0) {
      std::puts("ready");
      std::fflush(stdout);
    }
    sleep_for_long();
  } else if (scenario == "raise") {
    mpi.world().barrier();
    if (rank == 0) std::raise(SIGINT);
    sleep_for_long();
  } else if (scenario == "spin") {
    // The system sends SIGXCPU once a second when the processor time is used up.
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) std::atomic_signal_fence(std::memory_order_seq_cst);
  } else if (scenario == "unfinished") {
    AbortAction const removal([rank] {
      print("rank " + std::to_string(rank) + " removed what was unfinished\n");
      return std::string(rank == 0 ? "the made-up save is withdrawn" : "");
    });
    mpi.world().barrier();
    if (rank == 0) print("ready\n");
    sleep_for_long();
  } else if (scenario == "print") {
    if (rank == 0) print("result\n");
  } else {
    throw UsageError("unknown scenario " + scenario);
  }
  return ExitCode::done;
}

}  // namespace

int main(int argc, char** argv) {
  std::string const scenario = argc > 1 ? argv[1] : "";
  return distload::run_job([&](MpiEnvironment& mpi) { return run(mpi, scenario); });
}
