// distload-plan-bench: measures planning time and plan size for the largest models and jobs. Uses no MPI and no files:
// this one process makes the plan of rank 0 of each job.
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/scope_timer.hpp"
#include "base/serial_program.hpp"
#include "base/standard_streams.hpp"
#include "base/table.hpp"
#include "base/text.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"
#include "plan/make_plan.hpp"
#include "plan_bench/arguments.hpp"
#include "plan_bench/catalogs.hpp"
#include "plan_bench/heap_bytes.hpp"
#include "plan_bench/models.hpp"
#include "plan_bench/predict.hpp"
#include "plan_bench/redistributions.hpp"
#include "plan_bench/topology_text.hpp"

namespace distload::plan_bench {
namespace {

/// The number of ranks that the HDF5 checkpoints were saved for.
constexpr std::uint32_t kSavedTensorParallel = 8;

struct Contender {
  std::function<Model()> model;
  std::vector<Topology> topologies;  ///< tensor, pipeline, data, expert
};

std::vector<Contender> contenders() {
  return {
      {llama_405b, {{8, 16, 8}, {8, 1, 128}, {8, 16, 64}, {32, 16, 16}, {8, 1, 1024}}},
      // The scales of the dense layers' down_proj cannot be divided among more than 16 ranks.
      {deepseek_671b,
       {{8, 16, 8},
        {8, 1, 128},
        {8, 16, 8, 64},
        {8, 1, 128, 64},
        {8, 16, 64},
        {16, 16, 32},
        {8, 16, 64, 256},
        {8, 1, 1024},
        {8, 1, 1024, 256}}},
      {int4_experts_1tb, {{8, 8, 1}, {8, 1, 8, 64}, {1, 1, 64, 64}, {8, 16, 8, 64}, {8, 16, 64, 256}}},
  };
}

/// Runs `action` and lowers `least` to its seconds if they are fewer.
template <typename Action>
auto timed(double& least, Action const& action) {
  auto const start = std::chrono::steady_clock::now();
  auto result = action();
  least = std::min(least, seconds_since(start));
  return result;
}

/// The row of one job, with the minimum time of some rounds, since disturbances only add time.
std::vector<std::string> measure(Model const& model, std::string const& source, Catalog const& catalog,
                                 FamilyRules const& rules, Topology const& topology, std::uint32_t rounds) {
  double partition_seconds = 1e9;
  double plan_seconds = 1e9;
  Bytes plan_bytes = 0;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    auto const layout =
        timed(partition_seconds, [&] { return partition_model(catalog, topology, rules, model.config_json); });
    auto const plan = timed(plan_seconds, [&] { return make_plan(catalog, layout, topology, 0, {}); });
    plan_bytes = heap_bytes(plan);
  }
  auto const thousands = topology.ranks() / 1024.0;
  return {model.name,
          source,
          std::to_string(catalog.tensors.size()),
          std::to_string(catalog.extents.size()),
          std::to_string(topology.ranks()),
          text_of(topology),
          fixed_text(partition_seconds, 3),
          fixed_text(plan_seconds, 3),
          fixed_text((partition_seconds + plan_seconds) / thousands, 3),
          fixed_text(static_cast<double>(plan_bytes) / kMiB, 2)};
}

void bench(Arguments const& arguments) {
  Table table;
  bool has_rows = false;
  table.add({"model", "source", "tensors", "extents", "ranks", "tensor x pipeline x data", "partition s", "plan s",
             "s per 1024 ranks", "plan MiB"});
  for (auto const& contender : contenders()) {
    auto const model = contender.model();
    if (!arguments.model.empty() && model.family != arguments.model) continue;
    auto const rules = find_rules({model.family, model.config_json, default_rule_directories()});
    for (std::string const source : {"safetensors", "hdf5"}) {
      if (!arguments.source.empty() && source != arguments.source) continue;
      auto const catalog =
          source == "hdf5" ? hdf5_catalog(model, rules, kSavedTensorParallel) : safetensors_catalog(model);
      for (auto const& topology : contender.topologies) {
        if (topology.ranks() > arguments.most_ranks) continue;
        has_rows = true;
        table.add(measure(model, source, catalog, rules, topology, arguments.rounds));
      }
    }
  }
  if (!has_rows) {
    throw UsageError(
        "the benchmark has no model of that family, source and number of ranks: it measures llama, deepseek_v3 and "
        "kimi_k25");
  }
  print(table.text());
}

}  // namespace
}  // namespace distload::plan_bench

int main(int argc, char** argv) {
  namespace bench = distload::plan_bench;
  return distload::run_serial_program([&] {
    auto const arguments = bench::parse_plan_bench_arguments(argc, argv);
    if (!arguments) return distload::ExitCode::done;
    if (arguments->predicts) {
      distload::print(bench::predict_loads(arguments->machine));
    } else if (arguments->redistributes) {
      distload::print(bench::bench_redistributions(arguments->rounds));
    } else {
      bench::bench(*arguments);
    }
    return distload::ExitCode::done;
  });
}
