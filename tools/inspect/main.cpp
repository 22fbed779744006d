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

#include "base/log.hpp"
#include "base/result_file.hpp"
#include "base/serial_program.hpp"
#include "base/standard_streams.hpp"
#include "base/text.hpp"
#include "checkpoint/strip_prefix.hpp"
#include "extract_files.hpp"
#include "inspect/arguments.hpp"
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

std::optional<Topology> topology_of(InspectArguments const& arguments) {
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

void write_page(Catalog const& catalog, InspectArguments const& arguments, Planned const* chosen,
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

Catalog open_catalog(InspectArguments const& arguments) {
  auto const seals = arguments.verify ? SealUse::compare_content : SealUse::warn_of_stale;
  auto catalog = open_checkpoint(arguments.path, arguments.step, Latest::valid, seals, CutShort::accept);
  strip_prefix(catalog, arguments.strip_prefix);
  return catalog;
}

ExitCode inspect(InspectArguments const& arguments) {
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

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_serial_program([&] {
    auto const arguments = distload::parse_inspect_arguments(argc, argv);
    return arguments ? distload::inspect(*arguments) : distload::ExitCode::done;
  });
}
