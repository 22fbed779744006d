// Plans each model on each machine.
#include "plan_bench/predict.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "config/machine.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"
#include "plan/machine_plan.hpp"
#include "plan/make_plan.hpp"
#include "plan_bench/catalogs.hpp"
#include "plan_bench/models.hpp"
#include "plan_bench/topology_text.hpp"

namespace distload::plan_bench {
namespace {

std::string seconds_text(double seconds) { return fixed_text(seconds, seconds < 0.1 ? 3 : 2); }

std::string gigabytes(Bytes bytes) { return fixed_text(static_cast<double>(bytes) / 1e9, 1); }

void add_row(std::string& text, std::vector<std::string> const& cells) {
  text += "|";
  for (auto const& cell : cells) text += " " + cell + " |";
  text += "\n";
}

/// As many pipeline stages as the memory of the devices demands; the nodes that are left hold replicas.
struct Attempt {
  Topology topology;
  LoadPlan plan;
  DeviceMemoryUse memory;
};

Attempt plan_on(Machine const& machine, Model const& model, Catalog const& catalog, FamilyRules const& rules) {
  Attempt attempt;
  for (std::uint32_t stages = 1; stages <= machine.nodes; stages *= 2) {
    attempt.topology = {machine.devices_per_node, stages, machine.nodes / stages};
    auto const layout = partition_model(catalog, attempt.topology, rules, model.config_json);
    attempt.plan = make_plan(catalog, layout, attempt.topology, 0, plan_options_on(machine, {}));
    attempt.memory = memory_use_on(machine, attempt.plan);
    if (attempt.memory.fits()) break;
  }
  return attempt;
}

std::vector<std::string> row_of(Machine const& machine, Model const& model, Attempt const& attempt) {
  auto const& topology = attempt.topology;
  auto const memory = gigabytes(attempt.memory.needed_bytes) + " of " + gigabytes(attempt.memory.usable_bytes);
  std::vector<std::string> row{model.name, machine.name, text_of(topology), memory};
  if (!attempt.memory.fits()) {
    row.insert(row.end(), {"does not fit", "", "", "", "", "", ""});
    return row;
  }
  auto const& predicted = attempt.plan.predicted;
  for (auto const& stage : predicted.stages()) {
    if (stage.name != "memory") row.push_back(seconds_text(stage.seconds));  // which is of hosts
  }
  row.push_back("**" + seconds_text(predicted.total_seconds) + "**");
  row.emplace_back(predicted.limit().name);
  return row;
}

}  // namespace

std::string predict_loads(std::string const& only_machine) {
  std::vector<Machine> machines;
  for (auto const& name : only_machine.empty() ? machine_names() : std::vector{only_machine}) {
    machines.push_back(find_machine(name));
  }
  std::ranges::stable_sort(machines, {}, &Machine::ranks);
  std::string text;
  add_row(text, {"model", "machine", "tensor x pipeline x data", "GB a device", "read s", "upload s", "peers s",
                 "exchange s", "place s", "predicted s", "limit"});
  add_row(text, {"---", "---", "---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---"});
  for (auto const& model : {llama_8b(), llama_70b(), llama_405b(), deepseek_671b()}) {
    auto const rules = find_rules({model.family, model.config_json, default_rule_directories()});
    auto const catalog = safetensors_catalog(model);
    for (auto const& machine : machines) {
      add_row(text, row_of(machine, model, plan_on(machine, model, catalog, rules)));
    }
  }
  return text;
}

}  // namespace distload::plan_bench
