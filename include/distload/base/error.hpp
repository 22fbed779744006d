/// Errors: one exception type per exit code, each carrying what a person needs to act.
#pragma once

#include <stdexcept>
#include <string>

namespace distload {

/// What the program returns to the shell. Every error belongs to exactly one of these.
enum class ExitCode : int {
  done = 0,
  internal = 1,
  usage = 2,
  config = 3,
  no_valid_checkpoint = 4,
  corrupt_data = 5,
  io = 6,
  communication = 7,
  out_of_budget = 8,
  nothing_to_compare = 9,
  outputs_differ = 10,
};

/// Base of all distload errors. The message is complete by itself: it names the file, tensor or key, and the cause.
class Error : public std::runtime_error {
 public:
  /// @param message  for people
  Error(ExitCode code, std::string const& message) : std::runtime_error(message), code_(code) {}
  /// What a program that ends with this error returns.
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// A bug in distload.
class InternalError : public Error {
 public:
  /// @param message  as of Error
  explicit InternalError(std::string const& message) : Error(ExitCode::internal, message) {}
};

/// The command line cannot be understood.
class UsageError : public Error {
 public:
  /// @param message  as of Error
  explicit UsageError(std::string const& message) : Error(ExitCode::usage, message) {}
};

/// The configuration, the partition rules or the topology do not fit together or do not fit the job.
class ConfigError : public Error {
 public:
  /// @param message  as of Error
  explicit ConfigError(std::string const& message) : Error(ExitCode::config, message) {}
};

/// There is no checkpoint here, or none that is committed and well-formed.
class NoValidCheckpoint : public Error {
 public:
  /// @param message  as of Error
  explicit NoValidCheckpoint(std::string const& message) : Error(ExitCode::no_valid_checkpoint, message) {}
};

/// Bytes were read but are not what was written, or a file's structure contradicts itself.
class CorruptData : public Error {
 public:
  /// @param message  as of Error
  explicit CorruptData(std::string const& message) : Error(ExitCode::corrupt_data, message) {}
};

/// The operating system or a storage library refused an operation.
class IoError : public Error {
 public:
  /// @param message  as of Error
  explicit IoError(std::string const& message) : Error(ExitCode::io, message) {}
};

/// MPI or NCCL failed, or a rank stopped answering.
class CommunicationError : public Error {
 public:
  /// @param message  as of Error
  explicit CommunicationError(std::string const& message) : Error(ExitCode::communication, message) {}
};

/// The plan needs more memory than it may use; thrown before anything is allocated.
class OutOfBudget : public Error {
 public:
  /// @param message  as of Error
  explicit OutOfBudget(std::string const& message) : Error(ExitCode::out_of_budget, message) {}
};

/// There are no checksums to verify with, or nothing to compare with.
class NothingToCompare : public Error {
 public:
  /// @param message  as of Error
  explicit NothingToCompare(std::string const& message) : Error(ExitCode::nothing_to_compare, message) {}
};

/// A model's outputs are not those that they are compared with.
class OutputsDiffer : public Error {
 public:
  /// @param message  as of Error
  explicit OutputsDiffer(std::string const& message) : Error(ExitCode::outputs_differ, message) {}
};

/// Throws the exception type that belongs to `code` with `message`; how one rank's failure becomes every rank's.
[[noreturn]] void throw_error(ExitCode code, std::string const& message);

}  // namespace distload
