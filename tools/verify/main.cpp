// distload-verify: compares every block of checkpoints with its checksum, divided over the ranks of mpirun; makes
// checksums for files without; compares files with published sums.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "app/parse_arguments.hpp"
#include "app/run_program.hpp"
#include "base/standard_streams.hpp"
#include "parallel/liveness/job_end.hpp"
#include "verify/check_manifest.hpp"
#include "verify/verify_checkpoints.hpp"
#include "verify/verify_report.hpp"

namespace distload {
namespace {

ProgramText program_text() {
  return {
      "distload-verify",
      "compares every block of checkpoints with its checksum, on all ranks",
      {{"distload-verify MODEL", "verify one checkpoint"},
       {"mpirun -np 4 distload-verify DIR --all", "every step of a folder, by 4 processes"},
       {"distload-verify MODEL --seal", "write checksums of files that have none, for every load from then on"},
       {"distload-verify MODEL --check-sha256 SHA256SUMS", "compare the files with published sums"}},
      "Of a directory of steps the newest valid one is looked at, and every step that is passed over is named. With "
      "--seal, writes checksums beside files that have none, as distload.checksums.json; from then on every load is "
      "verified with them.\n\n"
      "Exit code, of several findings the first in this list: 5 something is damaged, changed since it was sealed, or "
      "not valid beside what is; 6 something cannot be read or written; 4 there is no valid checkpoint; 9 there are no "
      "checksums, nothing was verified; 0 everything that has checksums agrees with them."};
}

struct Arguments {
  std::vector<std::string> paths;
  VerifyOptions options;
  std::string manifest;
  bool json = false;
};

/// The number of this node's cores divided by its ranks.
std::uint32_t threads_per_rank(MpiEnvironment& mpi) {
  return std::max(std::thread::hardware_concurrency() / mpi.node().size(), 1U);
}

/// True if no checkpoint was found at the path; the message is an error then.
bool is_failure(std::vector<Outcome> const& outcomes) {
  return std::ranges::all_of(outcomes, [](Outcome const& outcome) { return outcome.state == State::not_valid; });
}

ExitCode run(MpiEnvironment& mpi, Arguments arguments) {
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
  distload::Arguments arguments;
  auto const parse = [&] {
    auto& options = arguments.options;
    distload::ProgramApp app(distload::program_text());
    app.add_option("checkpoint", arguments.paths, "files or directories")->type_name("CHECKPOINT")->required();
    auto* const step =
        app.add_option("--step", options.step, "step in a directory of checkpoints; the newest valid one by default")
            ->type_name("N");
    auto* const all = app.add_flag("--all", options.all, "every step of a directory, in both formats")->excludes(step);
    auto* const seal = app.add_flag("--seal", options.seal, "write checksums of files that have none beside them");
    app.add_flag("--sha256", options.sha256, "with --seal: and SHA-256 of the whole files")->needs(seal);
    app.add_option("--check-sha256", arguments.manifest,
                   "compare files with the sums in this file, as sha256sum writes them, instead of blocks")
        ->type_name("FILE")
        ->excludes(seal)
        ->excludes(step)
        ->excludes(all);
    app.add_flag("--json", arguments.json, "print what was found as JSON");
    return distload::parse_arguments(app, argc, argv);
  };
  return distload::run_program(parse, [&](distload::MpiEnvironment& mpi) { return distload::run(mpi, arguments); });
}
