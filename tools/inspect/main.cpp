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
#include "inspect/checkpoint_page.hpp"
#include "inspect/health.hpp"
#include "inspect/inspect_json.hpp"
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

void write_page(Catalog const& catalog, InspectArguments const& arguments, Planned const* chosen,
                std::optional<Health> const& health) {
  auto const html = checkpoint_page(catalog, chosen, arguments.rules, health);
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
