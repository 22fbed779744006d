// A handler that only wakes a thread, because nearly nothing is allowed in the handler itself.
#include "parallel/signal_watch.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include <semaphore.h>
#include <unistd.h>

#include "parallel/job_board.hpp"
#include "parallel/job_end.hpp"

namespace distload {
namespace {

constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};
constexpr std::chrono::seconds kWaitForMessage{2};

// What the handler shares with the thread: the signal that came, or zero for "no more".
volatile std::sig_atomic_t arrived_signal = 0;
sem_t something_arrived;

extern "C" void note_signal(int signal) {
  arrived_signal = signal;
  sem_post(&something_arrived);
}

std::string message_for(int signal) {
  return signal == SIGINT ? "stopped by SIGINT (Ctrl-C)"
                          : "stopped by SIGTERM (the user or the batch system ended the job, or the launcher did "
                            "because another rank died)";
}

void wait_for_signal(JobBoard& board) {
  while (sem_wait(&something_arrived) != 0 && errno == EINTR) {
  }
  int const signal = arrived_signal;
  if (signal == 0) return;
  int const code = 128 + signal;
  // Whoever waits to read the message may be gone.
  exit_at_the_latest_after(kWaitForMessage, code);
  // One node speaks for the job. Its other ranks wait for the one that does: mpirun takes the first of its processes to
  // leave after SIGTERM as the sign to kill the rest at once, before the message is out.
  bool const node_speaks = board.entries().front().job_rank == 0;
  if (node_speaks) speak_and_abort(board, message_for(signal), code);
  _exit(code);
}

}  // namespace

SignalWatch::SignalWatch(MpiEnvironment& mpi) {
  arrived_signal = 0;
  sem_init(&something_arrived, 0, 0);
  thread_ = std::thread([&board = mpi.board()] { wait_for_signal(board); });
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  for (int const signal : kSignals) sigaction(signal, &action, nullptr);
}

SignalWatch::~SignalWatch() {
  for (int const signal : kSignals) std::signal(signal, SIG_DFL);
  sem_post(&something_arrived);
  thread_.join();
  sem_destroy(&something_arrived);
}

}  // namespace distload
