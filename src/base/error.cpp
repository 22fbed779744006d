// Converts exit codes to exception types.
#include <distload/base/error.hpp>

namespace distload {

void throw_error(ExitCode code, std::string const& message) {
  switch (code) {
    case ExitCode::usage: throw UsageError(message);
    case ExitCode::config: throw ConfigError(message);
    case ExitCode::no_valid_checkpoint: throw NoValidCheckpoint(message);
    case ExitCode::corrupt_data: throw CorruptData(message);
    case ExitCode::io: throw IoError(message);
    case ExitCode::communication: throw CommunicationError(message);
    case ExitCode::out_of_budget: throw OutOfBudget(message);
    case ExitCode::nothing_to_compare: throw NothingToCompare(message);
    case ExitCode::outputs_differ: throw OutputsDiffer(message);
    case ExitCode::done:
    case ExitCode::internal: break;
  }
  throw InternalError(message);
}

}  // namespace distload
