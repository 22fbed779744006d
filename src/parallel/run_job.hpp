/// run_job: what every main function of a distload program consists of.
#pragma once

#include <functional>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

namespace distload {

/// Collective over all ranks of the job: runs `body` between the beginning and the end of MPI and returns the exit code
/// for main.
///
/// Only rank 0 logs. Whatever `body` throws ends the job as `end_failed_job` describes; so do signals, see SignalWatch.
/// Results that stdout does not take are an I/O error, when all else is done. Fault injection is armed. Everything that
/// `body` makes (communicators, Kokkos, files) is to be gone when it returns.
int run_job(std::function<ExitCode(MpiEnvironment&)> const& body);

}  // namespace distload
