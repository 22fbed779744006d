// distload-inspect: shows the content and layout of a checkpoint, the plan for loading it on any number of ranks, and
// the health of its blocks: as text, as JSON, and as a page.
#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "app/parse_arguments.hpp"
#include "base/log.hpp"
#include "base/result_file.hpp"
#include "base/serial_program.hpp"
#include "base/standard_streams.hpp"
#include "base/text.hpp"
#include "checkpoint/strip_prefix.hpp"
#include "extract_files.hpp"
#include "inspect/health.hpp"
#include "inspect/inspect_json.hpp"
#include "inspect/page.hpp"
#include "inspect/planned.hpp"
#include "show_checkpoint.hpp"
#include "show_devices.hpp"

namespace distload {
namespace {

/// Threads beyond so many do not read faster.
constexpr std::uint32_t kMostThreads = 8;

struct Arguments {
  std::string path;
  bool devices = false;
  std::optional<std::uint64_t> step;
  bool tensors = false;
  bool extents = false;
  bool verify = false;
  bool json = false;
  std::string html;
  /// Without any of them there is no plan.
  std::optional<std::uint32_t> tensor_parallel;
  std::optional<std::uint32_t> pipeline_parallel;
  std::optional<std::uint32_t> data_parallel;
  std::optional<std::uint32_t> expert_parallel;
  RulesChoice rules;
  std::string strip_prefix;
  std::vector<std::string> extract;
  std::string to = ".";
};

std::optional<Topology> topology_of(Arguments const& arguments) {
  if (!arguments.tensor_parallel && !arguments.pipeline_parallel && !arguments.data_parallel &&
      !arguments.expert_parallel) {
    return std::nullopt;
  }
  Topology const topology{arguments.tensor_parallel.value_or(1), arguments.pipeline_parallel.value_or(1),
                          arguments.data_parallel.value_or(1), arguments.expert_parallel.value_or(1)};
  check_expert_parallel(topology);
  return topology;
}

/// What the page shows besides the chosen topology: fewer for a model of very many tensors, whose plans take seconds.
std::vector<Topology> usual_topologies(std::size_t tensors) {
  constexpr std::size_t kMostPlannedTensors = 300'000;
  std::vector<Topology> usual{{1, 1, 1, 1}, {8, 1, 1, 1}, {2, 1, 1, 1}, {4, 1, 1, 1}, {4, 2, 1, 1}, {8, 2, 1, 1}};
  usual.resize(
      std::min(usual.size(), std::max<std::size_t>(kMostPlannedTensors / std::max<std::size_t>(tensors, 1), 1)));
  std::ranges::sort(usual, {}, [](Topology const& topology) {
    return std::pair(topology.pipeline_parallel, topology.tensor_parallel);
  });
  return usual;
}

void write_page(Catalog const& catalog, Arguments const& arguments, Planned const* chosen,
                std::optional<Health> const& health) {
  std::vector<Holding> holdings;
  std::vector<Refused> refused;
  if (chosen != nullptr) holdings.push_back(holding_of(catalog, chosen->layout, chosen->plan));
  for (auto const& topology : usual_topologies(catalog.tensors.size())) {
    if (chosen != nullptr && topology == chosen->plan.topology) continue;
    try {
      auto const planned = plan_for(catalog, topology, arguments.rules);
      holdings.push_back(holding_of(catalog, planned.layout, planned.plan));
    } catch (Error const& error) {
      if (error.code() != ExitCode::config) throw;
      refused.push_back({topology, error.what()});
    }
  }
  auto const html = html_of(gather_page(catalog, health, std::move(holdings), std::move(refused)));
  write_result_file(arguments.html, html);
  if (!arguments.json) print(printable_lines(arguments.html) + ", " + format_bytes(html.size()) + "\n");
}

Catalog open_catalog(Arguments const& arguments) {
  auto const seals = arguments.verify ? SealUse::compare_content : SealUse::warn_of_stale;
  auto catalog = open_checkpoint(arguments.path, arguments.step, Latest::valid, seals, CutShort::accept);
  strip_prefix(catalog, arguments.strip_prefix);
  return catalog;
}

ExitCode inspect(Arguments const& arguments) {
  if (arguments.devices) {
    show_devices();
    return ExitCode::done;
  }
  if (arguments.path.empty()) throw UsageError("checkpoint is required (distload-inspect --help shows how it is used)");
  auto const topology = topology_of(arguments);
  if (!arguments.html.empty()) check_result_file(arguments.html, Probe::create_file);
  auto const catalog = open_catalog(arguments);
  if (!arguments.extract.empty()) {
    for (auto const& warning : catalog.warnings) log().warn(warning);
    extract_files(catalog, arguments.extract, arguments.to);
    return ExitCode::done;
  }
  std::optional<Planned> planned;
  if (topology) planned = plan_for(catalog, *topology, arguments.rules);
  std::optional<Health> health;
  if (arguments.verify)
    health = check_health(catalog, std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads));
  auto const* const plan = planned ? &*planned : nullptr;
  if (!arguments.html.empty()) write_page(catalog, arguments, plan, health);
  if (arguments.json) {
    print(as_json(catalog, arguments.extents, plan, health ? &*health : nullptr));
  } else if (arguments.html.empty()) {
    print_metadata(catalog);
    if (arguments.tensors) print_tensors(catalog);
    if (arguments.extents) print_extents(catalog);
    if (planned) print_plan(catalog, *planned);
    if (health) print_health(*health);
  }
  return health ? health->code : ExitCode::done;
}

void add_topology(CLI::App& app, Arguments& arguments) {
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

void add_options(CLI::App& app, Arguments& arguments) {
  auto* const checkpoint =
      app.add_option("checkpoint", arguments.path,
                     "a folder of safetensors, one of its files, an .h5 file, or a folder of steps")
          ->type_name("CHECKPOINT");
  app.add_flag("--devices", arguments.devices,
               "show CUDA, its devices and NCCL on this host, and nothing else; exit code 7 if there is no device "
               "that this distload can use")
      ->excludes(checkpoint);
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
                         ->type_name("FILE");
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

ProgramText program_text() {
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
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_serial_program([&] {
    distload::Arguments arguments;
    distload::ProgramApp app(distload::program_text());
    distload::add_options(app, arguments);
    if (!distload::parse_arguments(app, argc, argv)) return distload::ExitCode::done;
    return distload::inspect(arguments);
  });
}
