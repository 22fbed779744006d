// The common part of main functions with MPI.
#include "parallel/run_job.hpp"

#include <optional>
#include <utility>

#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/standard_streams.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/liveness/job_end.hpp"
#include "parallel/liveness/signal_watch.hpp"

namespace distload {
namespace {

/// Errors of MPI's initialisation and finalisation, where ranks cannot agree on a failure.
template <class F>
void or_abort(F&& step) {
  try {
    std::forward<F>(step)();
  } catch (Error const& error) {
    print_error(error.what());
    abort_job(static_cast<int>(error.code()));
  }
}

/// Collective: output that stdout has not accepted is a failure, unless `code` already reports another one.
void check_output_of_job(MpiEnvironment& mpi, ExitCode code) {
  all_or_throw(mpi.world(), "output", [code] {
    try {
      check_output();
    } catch (IoError const& error) {
      if (code == ExitCode::done) throw;
      log().error(error.what());
    }
  });
}

}  // namespace

int run_job(std::function<ExitCode(MpiEnvironment&)> const& body) {
  protect_standard_streams();
  std::optional<MpiEnvironment> mpi;
  or_abort([&] { mpi.emplace(); });
  std::optional<Failure> failure;
  auto code = ExitCode::done;
  {
    SignalWatch const signals(*mpi);
    try {
      set_fault_rank(mpi->world().rank());
      print_on_this_rank(mpi->world().rank() == 0);
      code = body(*mpi);
      check_output_of_job(*mpi, code);
    } catch (...) {
      failure = current_failure("main");
    }
  }
  if (failure) return end_failed_job(*mpi, *failure);
  or_abort([&] { mpi->finalize(); });
  return static_cast<int>(code);
}

}  // namespace distload
