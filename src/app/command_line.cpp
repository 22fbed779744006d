// Options of `distload`.
#include "app/command_line.hpp"

#include <array>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <distload/base/error.hpp>

#include "app/parse_arguments.hpp"
#include "base/text.hpp"

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
};

constexpr std::array kShortForms{
    ShortForm{"--tensor-parallel,--tp", "topology.tensor_parallel", "N", "ranks that share each layer"},
    ShortForm{"--pipeline-parallel,--pp", "topology.pipeline_parallel", "N", "stages of layers"},
    ShortForm{"--data-parallel,--dp", "topology.data_parallel", "N", "copies of the model"},
    ShortForm{"--expert-parallel,--ep", "topology.expert_parallel", "N", "groups of ranks that share the experts"},
    ShortForm{"--step", "checkpoint.step", "N|latest", "the step of a folder of steps"},
    ShortForm{"--family", "model.family", "NAME", "the model's family"},
    ShortForm{"--rules", "model.rules", "FILE", "your own rules"},
    ShortForm{"--engine", "load.engine", "NAME", "how files are read: auto, collective, mmap, direct or buffered"},
    ShortForm{"--dtype", "load.dtype", "NAME", "cast to fp32, fp16 or bf16; keep does not"},
    ShortForm{"--out,-o", "save.directory", "DIR", "save into this folder after loading"},
    ShortForm{"--format", "save.format", "NAME", "of what is saved: hdf5 or safetensors"},
    ShortForm{"--report", "report.json", "FILE", "write the JSON report"},
    ShortForm{"--progress", "report.progress", "MODE", "on stderr: auto, bar, line, json or none"},
};

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, char const* const* argv, bool prints) {
  CommandLine line;
  CLI::App app(
      "Loads an LLM checkpoint onto tensor-, pipeline-, data- and expert-parallel ranks, and saves it.\n\n"
      "  mpirun -np 4 distload MODEL                   load a folder of safetensors, or an .h5 file, onto 4 ranks\n"
      "  mpirun -np 4 distload --dry-run MODEL         show the plan, and load nothing\n"
      "  mpirun -np 8 distload --tp 4 --dp 2 MODEL     two copies, each on 4 ranks\n"
      "  mpirun -np 4 distload MODEL --out DIR         save it as one parallel HDF5 file\n"
      "  mpirun -np 4 distload config.yaml --set load.engine=direct\n",
      "distload");
  app.add_option("config", line.config, "the configuration (config/reference.yaml lists its keys), or a checkpoint")
      ->type_name("CONFIG.yaml|MODEL");
  app.add_flag("--dry-run", line.dry_run,
               "print memory, disk, seconds and stages, also where they do not fit; load nothing");
  app.add_flag("--rows", line.rows, "with --dry-run: also a row for each rank and each tensor");
  app.add_option("--machine", line.machine,
                 "with --dry-run: plan for this machine of config/machines, or of a file, instead of this job's ranks; "
                 "predict the seconds of each stage")
      ->type_name("NAME|FILE");
  app.add_option("--set", line.settings,
                 "a key of the configuration, above environment and file; one value each, may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  for (auto const& form : kShortForms) {
    auto const add = [&line, &form](std::string const& value) {
      line.short_forms.push_back({form.key, value, form.name() + " " + printable(value)});
    };
    app.add_option_function<std::string>(form.options, add, std::string(form.what) + " (" + form.key + ")")
        ->type_name(form.type)
        ->group("Keys of the configuration");
  }
  app.get_option("--progress")->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  std::string redistribute;
  auto* const redistribute_option =
      app.add_option(
             "--redistribute", redistribute,
             "after loading, bring the model into this topology in memory, e.g. tensor_parallel=2,data_parallel=2")
          ->type_name("KEY=N,...");
  app.add_flag("--in-place", line.in_place, "with --redistribute: free the loaded shards on the way, to save memory");
  app.add_flag("--version", line.version, "print the versions of distload and of what it is built on");
  if (!parse_arguments(app, argc, argv, prints)) return std::nullopt;
  if (redistribute_option->count() > 0) line.redistribute = parse_redistribute_option(redistribute);
  if (line.in_place && !line.redistribute) throw UsageError("--in-place is of --redistribute, which is not given");
  if (line.rows && !line.dry_run) throw UsageError("--rows is of --dry-run, which is not given");
  if (line.machine && !line.dry_run && !line.version) {
    throw UsageError("--machine only describes a machine: add --dry-run (distload --help shows how it is used)");
  }
  return line;
}

}  // namespace distload
