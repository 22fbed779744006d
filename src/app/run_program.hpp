/// run_program: the main function of a program with MPI, whose command line is read before MPI starts.
#pragma once

#include <functional>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

namespace distload {

/// Local: runs `parse`; if that returns false (help, the version), returns 0 without starting MPI, on every rank.
/// Otherwise collective over the job: run_job with `body`. A UsageError of `parse` ends a process that no launcher has
/// started without MPI, and otherwise the job, with one message.
int run_program(std::function<bool()> const& parse, std::function<ExitCode(MpiEnvironment&)> const& body);

}  // namespace distload
