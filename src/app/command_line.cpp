// Options of `distload`.
#include "app/command_line.hpp"

#include <array>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <distload/base/error.hpp>

#include "app/launcher_rank.hpp"
#include "app/parse_arguments.hpp"
#include "app/version_text.hpp"
#include "base/text.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

/// An option that stands for a key of the configuration.
struct ShortForm {
  char const* options;  ///< the first is the full name
  char const* key;
  char const* type;
  char const* what;

  std::string name() const {
    std::string_view const all = options;
    return std::string(all.substr(0, all.find(',')));
  }

  /// With the words that the key takes, if it takes only some.
  std::string value_type() const {
    auto const* const known = find_config_key(key);
    std::string words;
    for (auto const& word : known->choices) words += (words.empty() ? "" : ",") + word;
    return words.empty() ? type : "{" + words + "}";
  }
};

constexpr std::array kShortForms{
    ShortForm{"--tensor-parallel,--tp", "topology.tensor_parallel", "N", "ranks that share each layer"},
    ShortForm{"--pipeline-parallel,--pp", "topology.pipeline_parallel", "N", "stages of layers"},
    ShortForm{"--data-parallel,--dp", "topology.data_parallel", "N", "copies of the model"},
    ShortForm{"--expert-parallel,--ep", "topology.expert_parallel", "N", "groups of ranks that share the experts"},
    ShortForm{"--step", "checkpoint.step", "N|latest", "the step of a folder of steps"},
    ShortForm{"--family", "model.family", "NAME", "the model's family"},
    ShortForm{"--rules", "model.rules", "FILE", "your own rules"},
    ShortForm{"--engine", "load.engine", "NAME", "how files are read"},
    ShortForm{"--dtype", "load.dtype", "keep|fp32|fp16|bf16", "cast to this type"},
    ShortForm{"--out,-o", "save.directory", "DIR", "save into this folder after loading"},
    ShortForm{"--format", "save.format", "NAME", "of what is saved"},
    ShortForm{"--report", "report.json", "FILE", "write the JSON report"},
    ShortForm{"--progress", "report.progress", "MODE", "on stderr"},
};

ProgramText program_text() {
  return {
      "distload",
      "loads an LLM checkpoint onto tensor-, pipeline-, data- and expert-parallel ranks, and saves it",
      {{"mpirun -np 4 distload MODEL", "load a folder of safetensors, or an .h5 file, onto 4 ranks"},
       {"mpirun -np 4 distload --dry-run MODEL", "show the plan, and load nothing"},
       {"mpirun -np 8 distload --tp 4 --dp 2 MODEL", "two copies, each on 4 ranks"},
       {"mpirun -np 4 distload MODEL --out DIR", "save it as one parallel HDF5 file"},
       {"mpirun -np 4 distload config.yaml --set load.engine=direct", "what a configuration says, but for one key"}},
      "MODEL is a folder of safetensors as Hugging Face publishes it, one of its files or its index, an .h5 file, or a "
      "folder of them, of which the newest valid step is taken. Without a configuration every key has its default. "
      "Keys of the command line are above the environment (DISTLOAD_LOAD_ENGINE=direct), which is above the file."};
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, char const* const* argv) {
  CommandLine line;
  ProgramApp app(program_text());
  app.add_option("config", line.config, "the configuration (config/reference.yaml lists its keys), or a checkpoint")
      ->type_name("CONFIG.yaml|MODEL");
  app.add_flag("--dry-run", line.dry_run,
               "print memory, disk, seconds and stages, also where they do not fit; load nothing");
  app.add_flag("--rows", line.rows, "with --dry-run: also a row for each rank and each tensor");
  app.add_option("--machine", line.machine,
                 "with --dry-run: plan for this machine of config/machines, or of a file, instead of this job's ranks; "
                 "predict the seconds of each stage")
      ->type_name("NAME|FILE");
  app.add_option("--set", line.settings, "a key of the configuration; takes one KEY=VALUE, and may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  for (auto const& form : kShortForms) {
    auto const add = [&line, &form](std::string const& value) {
      line.short_forms.push_back({form.key, value, form.name() + " " + printable(value)});
    };
    app.add_option_function<std::string>(form.options, add, std::string(form.what) + " (" + form.key + ")")
        ->type_name(form.value_type())
        ->group("Keys of the configuration");
  }
  app.get_option("--progress")->check(CLI::IsMember(find_config_key("report.progress")->choices).description(""));
  std::string redistribute;
  auto* const redistribute_option =
      app.add_option(
             "--redistribute", redistribute,
             "after loading, bring the model into this topology in memory, e.g. tensor_parallel=2,data_parallel=2")
          ->type_name("KEY=N,...");
  app.add_flag("--in-place", line.in_place, "with --redistribute: free the loaded shards on the way, to save memory");
  bool version = false;
  app.add_flag("--version", version, "print the versions of distload and of what it is built on");
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  if (version) {
    print_once(version_text());
    return std::nullopt;
  }
  if (redistribute_option->count() > 0) line.redistribute = parse_redistribute_option(redistribute);
  if (line.in_place && !line.redistribute) throw UsageError("--in-place is of --redistribute, which is not given");
  if (line.rows && !line.dry_run) throw UsageError("--rows is of --dry-run, which is not given");
  if (line.machine && !line.dry_run) {
    throw UsageError("--machine only describes a machine: add --dry-run (distload --help shows how it is used)");
  }
  return line;
}

}  // namespace distload
