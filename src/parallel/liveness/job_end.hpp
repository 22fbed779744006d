/// The end of a failed job: one message, one exit code, and no rank that keeps waiting.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <distload/parallel/mpi_environment.hpp>

#include "parallel/failure.hpp"

namespace distload {

/// Prints "distload: error: <message>" to stderr with one write.
void print_error(std::string_view message);

/// Ends the process with `code` if it still runs after `limit` (rounded up to seconds), even if its threads are stuck.
void exit_at_the_latest_after(std::chrono::milliseconds limit, int code);

/// Ends all ranks of the job: the launcher kills them and returns `code`. Without MPI, ends the process.
[[noreturn]] void abort_job(int code);

/// For a failure that this rank cannot agree on with the others. If no rank of this node has printed an error message,
/// prints `message` and aborts the job; otherwise waits until the process is ended. Nodes other than rank 0's wait
/// first, so that only one node prints.
[[noreturn]] void print_error_and_abort(NodeBoard& board, std::string_view message, int code);
/// The same with this process's board, if it has one.
[[noreturn]] void print_error_and_abort(std::string_view message, int code);

/// Ends this rank's part in the job after `failure`; returns the exit code for main.
///
/// If all ranks call it (a failure in `all_or_throw`, or one that every rank detects), rank 0 prints the message, MPI
/// is finalised and all ranks return the same code. If some ranks do not call it within two seconds, because they wait
/// in a collective for a rank that failed alone, that rank prints its message and aborts the job.
int end_failed_job(MpiEnvironment& mpi, Failure const& failure);

}  // namespace distload
