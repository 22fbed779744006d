// distload-inspect: prints the content and layout of a checkpoint, and the plan for loading it on any number of ranks.
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "app/parse_arguments.hpp"
#include "base/log.hpp"
#include "base/serial_program.hpp"
#include "base/standard_streams.hpp"
#include "base/table.hpp"
#include "base/text.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "checkpoint/strip_prefix.hpp"
#include "extract_files.hpp"
#include "io/files/same_bytes.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"
#include "plan/make_plan.hpp"
#include "show_devices.hpp"

namespace distload {
namespace {

struct Arguments {
  std::string path;
  bool devices = false;
  std::optional<std::uint64_t> step;
  bool tensors = false;
  bool extents = false;
  std::uint32_t tensor_parallel = 0;  // 0: do not plan
  std::uint32_t pipeline_parallel = 1;
  std::uint32_t data_parallel = 1;
  std::uint32_t expert_parallel = 1;
  std::string family = "auto";
  std::string rules = "auto";
  std::string strip_prefix;
  std::vector<std::string> extract;
  std::string to = ".";
};

void print_metadata(Catalog const& catalog) {
  auto const& metadata = catalog.metadata;
  std::uint64_t checksummed = 0;
  for (auto const& extent : catalog.extents) checksummed += extent.has_checksums() ? extent.nbytes : 0;
  Table table;
  table.add({"checkpoint", catalog.path});
  table.add({"format", catalog.format == SourceFormat::hdf5 ? "HDF5" : "safetensors"});
  table.add({"model", printable(metadata.model_name)});
  table.add({"architecture", printable(metadata.architecture)});
  table.add({"parameters", std::to_string(metadata.model_size)});
  table.add({"step", std::to_string(metadata.step)});
  table.add({"created", printable(metadata.created)});
  table.add({"writer", printable(metadata.writer)});
  table.add({"tensor_parallel", std::to_string(metadata.tensor_parallel)});
  table.add({"files", std::to_string(catalog.files.size())});
  table.add({"tensors", std::to_string(catalog.tensors.size()) + ", " + format_bytes(catalog.nbytes())});
  table.add({"extents", std::to_string(catalog.extents.size())});
  table.add({"checksums", format_bytes(checksummed) + " in blocks of " + format_bytes(catalog.block_bytes)});
  for (auto const& [key, value] : metadata.extra) table.add({printable(key), printable(value)});
  for (auto const& file : metadata.files) {
    if (file.by_default) table.add({"carries", printable(file.name) + ", " + format_bytes(file.nbytes)});
  }
  print(table.text());
  for (auto const& warning : catalog.warnings) print("warning: " + printable_lines(warning) + "\n");
}

void print_tensors(Catalog const& catalog) {
  Table table;
  table.add({"tensor", "dtype", "shape", "bytes", "written as", "extents"});
  for (auto const& tensor : catalog.tensors) {
    auto written = tensor.partition.empty() ? std::string("-") : tensor.partition;
    if (tensor.axis >= 0) written += " axis " + std::to_string(tensor.axis);
    table.add({printable(tensor.name), std::string(name_of(tensor.dtype)),
               to_string(shape_in_numbers(tensor.dtype, tensor.shape)), format_bytes(tensor.nbytes()), written,
               std::to_string(tensor.extent_count)});
  }
  for (auto const& tensor : catalog.unreadable)
    table.add({printable(tensor.name), "-", "-", "-", tensor.absent ? "not there" : tensor.why, "-"});
  print("\n" + table.text());
}

void print_extents(Catalog const& catalog) {
  Table table;
  table.add({"tensor", "box", "file", "offset", "bytes", "checksums"});
  for (auto const& extent : catalog.extents) {
    table.add({printable(catalog.tensors[extent.tensor].name), to_string(extent.box), catalog.files[extent.file].path,
               std::to_string(extent.offset_bytes), std::to_string(extent.nbytes),
               extent.has_checksums() ? "yes" : "no"});
  }
  print("\n" + table.text());
}

void print_plan(Catalog const& catalog, Arguments const& arguments) {
  Topology const topology{arguments.tensor_parallel, arguments.pipeline_parallel, arguments.data_parallel,
                          arguments.expert_parallel};
  if (topology.ranks() == 0) throw UsageError("a topology needs at least one rank in each direction");
  check_expert_parallel(topology);
  RulesSource const rules{arguments.family, catalog.metadata.config_json, default_rule_directories(), arguments.rules,
                          config_file_of(catalog)};
  auto layout = partition_model(catalog, topology, rules);
  LayoutOptions same;
  for (auto const& [alias, target] : layout.untied) {
    auto const& stored = catalog.tensors[alias];
    try {
      if (same_bytes(catalog, stored, catalog.tensors[target])) same.same_bytes.push_back(stored.name);
    } catch (Error const&) {
      // The bytes may be among those that are cut off.
    }
  }
  if (!same.same_bytes.empty()) layout = partition_model(catalog, topology, rules, same);
  auto const plan = make_plan(catalog, layout, topology, 0, {});
  print(fmt::format("\nplan for {} ranks (tensor {} x pipeline {} x data {})\n", topology.ranks(),
                    topology.tensor_parallel, topology.pipeline_parallel, topology.data_parallel));
  print(describe(plan, catalog, layout));
}

ExitCode inspect(Arguments const& arguments) {
  if (arguments.devices) {
    show_devices();
    return ExitCode::done;
  }
  if (arguments.path.empty()) throw UsageError("checkpoint is required (distload-inspect --help shows how it is used)");
  auto catalog =
      open_checkpoint(arguments.path, arguments.step, Latest::valid, SealUse::warn_of_stale, CutShort::accept);
  strip_prefix(catalog, arguments.strip_prefix);
  if (!arguments.extract.empty()) {
    for (auto const& warning : catalog.warnings) log().warn(warning);
    extract_files(catalog, arguments.extract, arguments.to);
    return ExitCode::done;
  }
  print_metadata(catalog);
  if (arguments.tensors) print_tensors(catalog);
  if (arguments.extents) print_extents(catalog);
  if (arguments.tensor_parallel > 0) print_plan(catalog, arguments);
  return ExitCode::done;
}

ProgramText program_text() {
  return {"distload-inspect",
          "shows what a checkpoint holds, how it is laid out, and the plan for loading it",
          {{"distload-inspect MODEL", "the model, its size, format and checksums"},
           {"distload-inspect MODEL --tensors", "every tensor with its type and shape"},
           {"distload-inspect MODEL --tp 4 --pp 2", "how 8 ranks would load it"},
           {"distload-inspect MODEL --extract all --to DIR", "the tokenizer and other files that go along"},
           {"distload-inspect --devices", "the GPUs of this host"}}};
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_serial_program([&] {
    distload::Arguments arguments;
    distload::ProgramApp app(distload::program_text());
    auto* const checkpoint =
        app.add_option("checkpoint", arguments.path,
                       "a folder of safetensors, one of its files, an .h5 file, or a folder of steps")
            ->type_name("CHECKPOINT");
    app.add_flag("--devices", arguments.devices,
                 "show CUDA, its devices and NCCL on this host, and nothing else; exit code 7 if there is no device "
                 "that this distload can use")
        ->excludes(checkpoint);
    app.add_option("--step", arguments.step, "step in a directory of checkpoints; the newest by default")
        ->type_name("N");
    app.add_flag("--tensors", arguments.tensors, "list the tensors");
    app.add_flag("--extents", arguments.extents, "list where every part of every tensor lies");
    app.add_option("-n,--tp,--tensor-parallel", arguments.tensor_parallel,
                   "show the plan for so many tensor-parallel ranks")
        ->check(CLI::Range(1U, 65536U));
    app.add_option("--pp,--pipeline-parallel", arguments.pipeline_parallel, "and so many pipeline stages")
        ->check(CLI::Range(1U, 65536U));
    app.add_option("--dp,--data-parallel", arguments.data_parallel, "and so many replicas")
        ->check(CLI::Range(1U, 65536U));
    app.add_option("--ep,--expert-parallel", arguments.expert_parallel, "and experts dealt out so many ways")
        ->check(CLI::Range(1U, 65536U));
    app.add_option("--family", arguments.family, "partition rules; by config.json's model_type by default")
        ->type_name("NAME");
    app.add_option("--rules", arguments.rules, "a rule file of one's own")->type_name("FILE");
    app.add_option("--strip-prefix", arguments.strip_prefix,
                   "text that is removed from the beginning of the tensors' names, as by model.strip_prefix");
    app.add_option("--extract", arguments.extract,
                   "write this file of the model (tokenizer.json, config.json, ...) to --to, and nothing else; all: "
                   "everything that goes along; can be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
    app.add_option("--to", arguments.to, "folder for what is extracted; the current one by default")
        ->type_name("DIR")
        ->needs("--extract");
    if (!distload::parse_arguments(app, argc, argv)) return distload::ExitCode::done;
    return distload::inspect(arguments);
  });
}
