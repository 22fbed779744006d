// Options of distload-verify.
#include "verify/arguments.hpp"

#include "app/parse_arguments.hpp"

namespace distload {
namespace {

ProgramText verify_text() {
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

}  // namespace

std::optional<VerifyArguments> parse_verify_arguments(int argc, char const* const* argv) {
  VerifyArguments arguments;
  auto& options = arguments.options;
  ProgramApp app(verify_text());
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
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  return arguments;
}

}  // namespace distload
