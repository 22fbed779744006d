// The signal handler only wakes a thread, because few calls are allowed in a handler.
#include "parallel/liveness/signal_watch.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include <semaphore.h>
#include <unistd.h>

#include "parallel/job_internals.hpp"
#include "parallel/liveness/abort_action.hpp"
#include "parallel/liveness/job_end.hpp"
#include "parallel/liveness/node_board.hpp"

namespace distload {
namespace {

struct Watched {
  int signal = 0;
  char const* message = nullptr;
  /// True for signals that may arrive again when the program is ending and that are ignored then.
  bool is_advice = false;
};

constexpr std::array<Watched, 6> kWatched{{
    {SIGINT, "stopped by SIGINT (Ctrl-C)"},
    {SIGTERM,
     "stopped by SIGTERM (the user or the batch system ended the job, or the launcher did because another rank died)"},
    {SIGHUP, "stopped by SIGHUP (the terminal or the session that started the job has gone)"},
    {SIGUSR1, "stopped by SIGUSR1 (the batch system sends it ahead of the time limit, or the user did)", true},
    {SIGUSR2, "stopped by SIGUSR2 (the batch system sends it ahead of the time limit, or the user did)", true},
    {SIGXCPU, "stopped by SIGXCPU (the limit of processor time, ulimit -t, is reached)", true},
}};
constexpr std::chrono::seconds kWaitForMessage{2};
/// So long the other ranks of its node leave the message to rank 0, which saves and knows what became of that. It is
/// shorter than the second after which launchers kill the ranks that they have asked to exit.
constexpr std::chrono::milliseconds kWaitForRank0{500};

// Shared by the handler and the thread: the first signal, or zero for "end the thread".
volatile std::sig_atomic_t arrived_signal = 0;
sem_t something_arrived;

extern "C" void note_signal(int signal) {
  if (arrived_signal == 0) arrived_signal = signal;
  sem_post(&something_arrived);
}

std::string message_for(int signal) {
  for (auto const& watched : kWatched) {
    if (watched.signal == signal) return watched.message;
  }
  return "stopped by signal " + std::to_string(signal);
}

void wait_for_signal(NodeBoard& board) {
  while (sem_wait(&something_arrived) != 0 && errno == EINTR) {
  }
  int const signal = arrived_signal;
  if (signal == 0) return;
  int const code = 128 + signal;
  // The reader of stderr may block or be gone.
  exit_at_the_latest_after(kWaitForMessage, code);
  auto const outcome = run_abort_actions();
  // One node prints for the job. The other ranks wait for it: a launcher kills all processes when the first one exits,
  // possibly before the message is printed. SIGXCPU may reach one rank alone.
  bool const node_prints = board.entries().front().job_rank == 0 || signal == SIGXCPU;
  if (node_prints) {
    if (board.own_job_rank() != 0 && signal != SIGXCPU) std::this_thread::sleep_for(kWaitForRank0);
    print_error_and_abort(board, message_for(signal) + (outcome.empty() ? "" : "; " + outcome), code);
  }
  std::this_thread::sleep_for(kWaitForMessage / 2);
  _exit(code);
}

/// True for signals that were ignored at program start: SIGHUP under nohup, SIGINT in the background of a script.
bool is_ignored(int signal) {
  struct sigaction present {};
  return sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

}  // namespace

SignalWatch::SignalWatch(MpiEnvironment& mpi) {
  arrived_signal = 0;
  sem_init(&something_arrived, 0, 0);
  thread_ = std::thread([&board = JobInternals::board(mpi)] { wait_for_signal(board); });
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  for (auto const& watched : kWatched) {
    if (!is_ignored(watched.signal)) sigaction(watched.signal, &action, nullptr);
  }
}

SignalWatch::~SignalWatch() {
  for (auto const& watched : kWatched) {
    if (!is_ignored(watched.signal)) std::signal(watched.signal, watched.is_advice ? SIG_IGN : SIG_DFL);
  }
  sem_post(&something_arrived);
  thread_.join();
  sem_destroy(&something_arrived);
}

}  // namespace distload
