// The end of a failed job.
//
// The design follows Open MPI's mpirun. mpirun returns the first exit code that is not zero and then kills the other
// processes. Ranks that agree therefore finalise MPI, which keeps them together until the end, and return the same
// code. Only MPI_Abort also ends ranks that are stuck in a collective; calls by several ranks at once garble mpirun's
// output, therefore only one rank calls it. mpirun prints its own text about the exit code; `mpirun --quiet` suppresses
// it.
#include "parallel/liveness/job_end.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include <mpi.h>
#include <unistd.h>

#include "base/system.hpp"
#include "base/text.hpp"
#include "parallel/job_internals.hpp"
#include "parallel/liveness/abort_action.hpp"
#include "parallel/liveness/node_board.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWaitForAgreement{2000};
constexpr milliseconds kWaitForAbort{2000};
constexpr milliseconds kWaitForFinalize{5000};

/// Delay per node before it prints: of several nodes with a message, only one should print, and the others are killed
/// during their delay. mpirun first asks processes of other hosts to exit, and kills them a second later.
constexpr milliseconds kBetweenNodes{2500};
constexpr milliseconds kMostBetweenNodes{5000};

// Read by a signal handler.
volatile std::sig_atomic_t exit_code_of_last_exit = 1;

extern "C" void exit_now(int) { _exit(exit_code_of_last_exit); }

/// The failure that all ranks agree on; nothing if some ranks do not take part in time, or MPI itself fails.
std::optional<Failure> agree_in_time(MpiCommunicator& ranks, Failure const& failure) {
  try {
    if (ranks.try_barrier(kWaitForAgreement)) return agree_on_failure(ranks, failure);
  } catch (CommunicationError const&) {
    return std::nullopt;
  }
  return std::nullopt;
}

bool mpi_is_running() {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  return initialized != 0 && finalized == 0;
}

}  // namespace

void print_error(std::string_view message) {
  auto text = "distload: error: " + printable_lines(message) + "\n";
  // One call of write, so that lines of several ranks do not mix; its failure is ignored.
  [[maybe_unused]] auto const written = write(STDERR_FILENO, text.data(), text.size());
}

void exit_at_the_latest_after(milliseconds limit, int code) {
  exit_code_of_last_exit = code;
  struct sigaction action {};
  action.sa_handler = exit_now;
  sigaction(SIGALRM, &action, nullptr);
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
  alarm(static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(limit).count()));
}

void abort_job(int code) {
  // MPI_Abort may wait for a lock that a stuck thread holds.
  exit_at_the_latest_after(kWaitForAbort, code);
  run_abort_actions();
  if (mpi_is_running()) MPI_Abort(MPI_COMM_WORLD, code);
  _exit(code);
}

void print_error_and_abort(NodeBoard& board, std::string_view message, int code) {
  if (board.claim_error_message()) {
    std::this_thread::sleep_for(std::min(board.node_number() * kBetweenNodes, kMostBetweenNodes));
    print_error(message);
    abort_job(code);
  }
  // The rank that printed ends all ranks; if this process exited now, mpirun could return its exit code instead.
  std::this_thread::sleep_for(2 * kWaitForAbort + kMostBetweenNodes);
  _exit(code);
}

void print_error_and_abort(std::string_view message, int code) {
  if (auto* const board = NodeBoard::of_process()) print_error_and_abort(*board, message, code);
  print_error(message);
  abort_job(code);
}

int end_failed_job(MpiEnvironment& mpi, Failure const& failure) {
  auto const rank = mpi.world().rank();
  auto const agreed = agree_in_time(JobInternals::failure_ranks(mpi), failure);
  if (!agreed) {
    print_error_and_abort(JobInternals::board(mpi), rank_on_this_host(rank) + ": " + failure.message,
                          static_cast<int>(failure.code));
  }
  auto const code = static_cast<int>(agreed->code);
  if (rank == 0 && JobInternals::board(mpi).claim_error_message()) print_error(agreed->message);
  // When the first rank exits, mpirun sends SIGTERM to the others, which are about to exit with the same code.
  std::signal(SIGTERM, SIG_IGN);
  exit_at_the_latest_after(kWaitForFinalize, code);
  try {
    mpi.finalize();
  } catch (Error const&) {
    // The user knows the first cause; only the exit code is still needed.
    abort_job(code);
  }
  return code;
}

}  // namespace distload
