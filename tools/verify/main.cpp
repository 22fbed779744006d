// distload-verify: compares every block of checkpoints with its checksum, divided over the ranks of mpirun; makes
// checksums for files without; compares files with published sums.
#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "app/run_program.hpp"
#include "base/standard_streams.hpp"
#include "parallel/liveness/job_end.hpp"
#include "verify/arguments.hpp"
#include "verify/check_manifest.hpp"
#include "verify/verify_checkpoints.hpp"
#include "verify/verify_report.hpp"

namespace distload {
namespace {

/// The number of this node's cores divided by its ranks.
std::uint32_t threads_per_rank(MpiEnvironment& mpi) {
  return std::max(std::thread::hardware_concurrency() / mpi.node().size(), 1U);
}

/// True if no checkpoint was found at the path; the message is an error then.
bool is_failure(std::vector<Outcome> const& outcomes) {
  return std::ranges::all_of(outcomes, [](Outcome const& outcome) { return outcome.state == State::not_valid; });
}

ExitCode run(MpiEnvironment& mpi, VerifyArguments arguments) {
  auto& world = mpi.world();
  arguments.options.threads = threads_per_rank(mpi);
  std::vector<Outcome> all;
  for (auto const& path : arguments.paths) {
    auto const outcomes = arguments.manifest.empty()
                              ? verify_checkpoints(world, path, arguments.options)
                              : std::vector{check_manifest(world, path, arguments.manifest, arguments.options.threads)};
    if (world.rank() == 0) {
      for (auto const& outcome : outcomes) {
        if (is_failure(outcomes)) {
          print_error(outcome.reason);
        } else if (!arguments.json) {
          print(as_text(outcome));
        }
      }
    }
    all.insert(all.end(), outcomes.begin(), outcomes.end());
  }
  auto const code = worst_of(all);
  if (world.rank() == 0 && arguments.json) print(as_json(all, code));
  return code;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  std::optional<distload::VerifyArguments> arguments;
  auto const parse = [&] {
    arguments = distload::parse_verify_arguments(argc, argv);
    return arguments.has_value();
  };
  return distload::run_program(parse, [&](distload::MpiEnvironment& mpi) { return distload::run(mpi, *arguments); });
}
