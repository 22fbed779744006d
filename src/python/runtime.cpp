// Keeps MPI and Kokkos for the life of the process.
#include "python/runtime.hpp"

#include <atomic>
#include <memory>
#include <mutex>

#include <mpi.h>
#include <unistd.h>

#include <Kokkos_Core.hpp>

#include <distload/base/choices.hpp>
#include <distload/base/error.hpp>

#include "app/start_kokkos.hpp"
#include "parallel/background_work.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
#include "python/held_saver.hpp"
#include "python/progress.hpp"
#include "python/worker.hpp"

namespace distload::python {
namespace {

/// Never destroyed by itself: ending MPI is collective.
std::unique_ptr<MpiEnvironment>& environment() {
  static auto* const the_environment = new std::unique_ptr<MpiEnvironment>;
  return *the_environment;
}

/// What a shell reports of a program that SIGINT has ended.
constexpr int kInterrupted = 130;

/// The process that has used distload first; 0: none has.
std::atomic<pid_t>& user() {
  static std::atomic<pid_t> the_user{0};
  return the_user;
}

bool is_forked() { return user() != 0 && user() != getpid(); }

}  // namespace

void check_may_call() {
  pid_t none = 0;
  user().compare_exchange_strong(none, getpid());
  if (is_forked()) {
    throw ConfigError(
        "this process was forked after distload had been used, and cannot use it: start processes by "
        "'spawn' or 'forkserver'");
  }
  if (is_worker_thread() || ProgressCall::is_inside()) throw ConfigError("a progress function cannot call distload");
}

MpiEnvironment& mpi() {
  static std::mutex mutex;
  std::lock_guard const lock(mutex);
  if (environment() == nullptr) environment() = std::make_unique<MpiEnvironment>();
  return *environment();
}

bool mpi_runs() {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  return initialized != 0 && finalized == 0;
}

bool may_use_a_thread() {
  if (!mpi_runs()) return true;
  int provided = MPI_THREAD_SINGLE;
  MPI_Query_thread(&provided);
  return provided >= MPI_THREAD_SERIALIZED;
}

void require_kokkos(std::optional<std::uint32_t> threads, ProcessGrid const& grid) {
  if (Kokkos::is_initialized()) return;
  auto const device = device_if_needed(grid, /*is_needed=*/true, /*may_share=*/false);
  // Never destroyed: memory of tensors may be freed after it.
  static_cast<void>(start_kokkos(threads, grid, device, NumaBinding::none).release());
}

void finish(bool has_failed) {
  if (is_forked()) return;
  if (!worker_is_idle()) _exit(kInterrupted);
  // Ranks that have failed do not come: what their saves wait for would never end.
  if (has_failed && has_saves_in_flight()) _exit(1);
  if (!has_failed) {
    // The thread that has started MPI ends it.
    call([] {
      wait_for_saves();
      BackgroundWork::wait_for_all();
      release_groups();
      if (environment() == nullptr) return;
      if (mpi_runs()) environment()->finalize();
      environment().reset();
    });
  }
  end_worker();
}

}  // namespace distload::python
