// Keeps MPI and Kokkos for the life of the process.
#include "python/runtime.hpp"

#include <memory>
#include <mutex>

#include <mpi.h>
#include <unistd.h>

#include <Kokkos_Core.hpp>

#include <distload/base/choices.hpp>

#include "app/start_kokkos.hpp"
#include "parallel/background_work.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
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

}  // namespace

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
  if (!worker_is_idle()) _exit(kInterrupted);
  if (!has_failed) {
    // The thread that has started MPI ends it.
    call([] {
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
