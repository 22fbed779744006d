// Parses, then starts MPI.
#include "app/run_program.hpp"

#include <exception>

#include "app/launcher_rank.hpp"
#include "base/serial_program.hpp"
#include "parallel/run_job.hpp"

namespace distload {

int run_program(std::function<bool()> const& parse, std::function<ExitCode(MpiEnvironment&)> const& body) {
  bool starts_job = false;
  std::exception_ptr refusal;
  auto const code = run_serial_program([&] {
    try {
      starts_job = parse();
    } catch (UsageError const&) {
      // The launcher would end the other ranks before the first one has printed the message.
      if (!launcher_rank()) throw;
      starts_job = true;
      refusal = std::current_exception();
    }
    return ExitCode::done;
  });
  if (!starts_job) return code;
  return run_job([&](MpiEnvironment& mpi) {
    if (refusal) std::rethrow_exception(refusal);
    return body(mpi);
  });
}

}  // namespace distload
