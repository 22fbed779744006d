/// run_job: the common part of the main functions of distload programs.
#pragma once

#include <functional>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

namespace distload {

/// Collective over all ranks of the job: initialises MPI, runs `body`, finalises MPI and returns the exit code for
/// main.
///
/// Only rank 0 logs. Exceptions of `body` end the job as `end_failed_job` describes, signals as SignalWatch describes.
/// Failed output to stdout is an I/O error, reported after everything else. Arms fault injection. All objects that
/// `body` creates (communicators, Kokkos, files) must be destroyed when it returns.
int run_job(std::function<ExitCode(MpiEnvironment&)> const& body);

}  // namespace distload
