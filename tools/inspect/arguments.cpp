// Options of distload-inspect.
#include "inspect/arguments.hpp"

#include "app/parse_arguments.hpp"

namespace distload {
namespace {

void add_topology(CLI::App& app, InspectArguments& arguments) {
  app.add_option("-n,--tp,--tensor-parallel", arguments.tensor_parallel,
                 "show the plan for so many tensor-parallel ranks")
      ->check(CLI::Range(1U, 65536U));
  app.add_option("--pp,--pipeline-parallel", arguments.pipeline_parallel, "and so many pipeline stages")
      ->check(CLI::Range(1U, 65536U));
  app.add_option("--dp,--data-parallel", arguments.data_parallel, "and so many replicas")
      ->check(CLI::Range(1U, 65536U));
  app.add_option("--ep,--expert-parallel", arguments.expert_parallel, "and experts dealt out so many ways")
      ->check(CLI::Range(1U, 65536U));
}

void add_inspect_options(CLI::App& app, InspectArguments& arguments) {
  auto* const checkpoint =
      app.add_option("checkpoint", arguments.path,
                     "a folder of safetensors, one of its files, an .h5 file, or a folder of steps")
          ->type_name("CHECKPOINT");
  auto* const devices =
      app.add_flag("--devices", arguments.devices,
                   "show CUDA, its devices and NCCL on this host, and nothing else; exit code 7 if there is no device "
                   "that this distload can use");
  devices->excludes(checkpoint);
  app.add_option("--step", arguments.step, "step in a directory of checkpoints; the newest by default")->type_name("N");
  app.add_flag("--tensors", arguments.tensors, "list the tensors");
  app.add_flag("--extents", arguments.extents, "list where every part of every tensor lies");
  add_topology(app, arguments);
  app.add_flag(
      "--verify", arguments.verify,
      "compare all blocks with their checksums, on this host's cores; exit codes are those of distload-verify");
  auto* const json =
      app.add_flag("--json", arguments.json,
                   "print one JSON object with everything but extents, and nothing else; with --extents, "
                   "-n and --verify also those");
  auto* const html = app.add_option("--html", arguments.html,
                                    "write a page for a browser instead: modules, sizes, which rank holds what, and, "
                                    "with --verify, which blocks are damaged")
                         ->type_name("FILE")
                         ->check([](std::string const& path) { return path.empty() ? "the path is empty" : ""; });
  devices->excludes(json)->excludes(html);
  app.add_option("--family", arguments.rules.family, "partition rules; by config.json's model_type by default")
      ->type_name("NAME");
  app.add_option("--rules", arguments.rules.rules, "a rule file of one's own")->type_name("FILE");
  app.add_option("--strip-prefix", arguments.strip_prefix,
                 "text that is removed from the beginning of the tensors' names, as by model.strip_prefix");
  auto* const extract = app.add_option("--extract", arguments.extract,
                                       "write this file of the model (tokenizer.json, config.json, ...) to --to, and "
                                       "nothing else; all: everything that goes along; can be repeated")
                            ->allow_extra_args(false)
                            ->type_name("FILE")
                            ->excludes(json)
                            ->excludes(html);
  app.add_option("--to", arguments.to, "folder for what is extracted; the current one by default")
      ->type_name("DIR")
      ->needs(extract);
}

ProgramText inspect_text() {
  return {
      "distload-inspect",
      "shows what a checkpoint holds, how it is laid out, the plan for loading it, and whether its blocks are whole",
      {{"distload-inspect MODEL", "the model, its size, format and checksums"},
       {"distload-inspect MODEL --tensors", "every tensor with its type and shape"},
       {"distload-inspect MODEL --tp 4 --pp 2", "how 8 ranks would load it"},
       {"distload-inspect MODEL --tp 4 --verify --html page.html", "a page with all of this for a browser"},
       {"distload-inspect MODEL --json", "the same as one JSON object"},
       {"distload-inspect MODEL --extract all --to DIR", "the tokenizer and other files that go along"},
       {"distload-inspect --devices", "the GPUs of this host"}}};
}

}  // namespace

std::optional<InspectArguments> parse_inspect_arguments(int argc, char const* const* argv) {
  InspectArguments arguments;
  ProgramApp app(inspect_text());
  add_inspect_options(app, arguments);
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  return arguments;
}

}  // namespace distload
