// Formats dry runs.
#include "app/dry_run.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/result_file.hpp"
#include "base/standard_streams.hpp"
#include "base/table.hpp"
#include "base/text.hpp"
#include "load/report_head.hpp"
#include "partition/model_recipe.hpp"
#include "partition/partition_model.hpp"
#include "partition/placement.hpp"
#include "plan/describe_parts.hpp"
#include "plan/make_plan.hpp"
#include "plan/rank_work.hpp"
#include "plan/stage_summary.hpp"

namespace distload {
namespace {

std::string topology_text(Topology const& topology) {
  auto text = "tensor_parallel " + std::to_string(topology.tensor_parallel) + ", pipeline_parallel " +
              std::to_string(topology.pipeline_parallel) + ", data_parallel " + std::to_string(topology.data_parallel);
  if (topology.expert_parallel > 1) text += ", expert_parallel " + std::to_string(topology.expert_parallel);
  return text;
}

std::string ranks_text(std::uint32_t ranks) { return std::to_string(ranks) + (ranks == 1 ? " rank" : " ranks"); }

std::string duration_text(double seconds) {
  if (seconds >= 100) return fixed_text(seconds, 0) + " s";
  if (seconds >= 1) return fixed_text(seconds, 2) + " s";
  auto const milliseconds = seconds * 1e3;
  return fixed_text(milliseconds, milliseconds < 1 ? 3 : milliseconds < 100 ? 1 : 0) + " ms";
}

RankLoad const& neediest(LoadPlan const& plan) {
  return *std::ranges::max_element(plan.ranks, {}, [&](RankLoad const& load) { return plan.needed_bytes(load); });
}

/// "1.2 GiB of the 4 GiB of load.memory_limit: fits"
std::string memory_text(DryRun const& dry_run) {
  auto const& plan = *dry_run.plan;
  auto const needed = plan.needed_bytes();
  auto text = format_bytes(needed);
  if (plan.memory_limit) text += " of the " + format_bytes(*plan.memory_limit) + " of " + dry_run.limit_of;
  if (plan.fits()) return text + (plan.memory_limit ? ": fits" : "");
  return text + ": " + format_bytes(needed - *plan.memory_limit) + " short, does not fit";
}

std::string parts_of_memory(LoadPlan const& plan) {
  auto const& load = neediest(plan);
  auto text = format_bytes(load.resident_bytes) + " of shards";
  if (load.view_bytes > 0) text += ", of which " + format_bytes(load.view_bytes) + " stay in the page cache";
  if (load.staging_bytes == 0) return text;
  return text + ", and " + std::to_string(plan.slots) + " x " + format_bytes(load.staging_bytes) + " of staging";
}

struct NamedFit {
  char const* name;
  char const* what;
  std::optional<Fit> const* fit;
};

std::vector<NamedFit> named(WhatFits const& fits) {
  std::vector<NamedFit> all{{"same_ranks", "the same ranks", &fits.same_ranks},
                            {"fewest_ranks", "the fewest ranks", &fits.fewest},
                            {"tensor_parallel", "more tensor_parallel", &fits.tensor},
                            {"pipeline_parallel", "more pipeline_parallel", &fits.pipeline}};
  std::erase_if(all, [](NamedFit const& each) { return !*each.fit; });
  return all;
}

std::string fit_text(Fit const& fit) {
  return topology_text(fit.topology) + " (" + ranks_text(fit.topology.ranks()) + ", " + format_bytes(fit.needed_bytes) +
         " each)";
}

void add_save(Table& table, SaveForecast const& save) {
  auto text = format_bytes(save.space.nbytes);
  if (save.space.available) {
    text += " of the " + format_bytes(*save.space.available) + " that are free" + (save.fits() ? "" : ": does not fit");
  }
  table.add({"disk", text + ", for " + printable(save.space.path)});
}

void add_fits(Table& table, DryRun const& dry_run) {
  if (dry_run.plan->fits()) return;
  auto const fits = named(dry_run.what_fits);
  if (fits.empty()) table.add({"would fit", "no topology that was tried"});
  std::vector<Topology> shown;
  for (auto const& [name, what, fit] : fits) {
    if (std::ranges::find(shown, (*fit)->topology) != shown.end()) continue;
    shown.push_back((*fit)->topology);
    table.add({"would fit", std::string(what) + ": " + fit_text(**fit)});
  }
}

Json json_of(Topology const& topology) {
  return {{"tensor_parallel", topology.tensor_parallel},
          {"pipeline_parallel", topology.pipeline_parallel},
          {"data_parallel", topology.data_parallel},
          {"expert_parallel", topology.expert_parallel},
          {"ranks", topology.ranks()}};
}

Json stages_of(DryRun const& dry_run) {
  auto all = Json::array();
  for (auto const& stage : summarise_stages(*dry_run.plan, dry_run.checkpoint->layout)) {
    all.push_back({{"first_rank", stage.first_rank},
                   {"ranks", stage.ranks},
                   {"layers", stage.layers},
                   {"tensors", stage.parameters},
                   {"resident", stage.resident_bytes},
                   {"needed", stage.needed_bytes},
                   {"storage_read", stage.read_bytes}});
  }
  return all;
}

Json ranks_of(LoadPlan const& plan) {
  auto all = Json::array();
  for (std::uint32_t rank = 0; rank < plan.ranks.size(); ++rank) {
    auto const& load = plan.ranks[rank];
    auto const at = coordinates_of(plan.topology, rank);
    all.push_back({{"rank", rank},
                   {"tensor", at.tensor},
                   {"data", at.data},
                   {"pipeline", at.pipeline},
                   {"bytes",
                    {{"storage_read", load.read_bytes},
                     {"sent", load.sent_bytes},
                     {"received", load.received_bytes},
                     {"resident", load.resident_bytes}}},
                   {"memory",
                    {{"resident", load.resident_bytes},
                     {"staging_peak", plan.slots * load.staging_bytes},
                     {"needed", plan.needed_bytes(load)}}}});
  }
  return all;
}

/// The parameters as rank 0 of their first stage would hold them.
Json tensors_of(DryRun const& dry_run) {
  auto all = Json::array();
  auto const& [catalog, layout] = std::tie(dry_run.checkpoint->catalog, dry_run.checkpoint->layout);
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    auto const placement = placement_of(parameter.partition, parameter.experts, tensor.shape, dry_run.plan->topology);
    auto const shard = shard_layout(placement.partition, tensor.shape, 0, placement.parts).shape;
    auto const dtype = dry_run.plan->work->options.dtype_in_memory(parameter, tensor.dtype);
    all.push_back({{"name", tensor.name},
                   {"dtype", name_of(dtype)},
                   {"shape", std::vector<std::uint64_t>(tensor.shape.begin(), tensor.shape.end())},
                   {"partition", name_of(placement.partition.kind)},
                   {"rule", parameter.rule},
                   {"stages", parameter.stages},
                   {"shard", std::vector<std::uint64_t>(shard.begin(), shard.end())},
                   {"bytes", volume(shard) * size_of(dtype)}});
  }
  return all;
}

Json json_of(CostModel const& cost, std::string const& from) {
  return {{"from", from},
          {"storage_bandwidth", cost.storage_bandwidth},
          {"cache_bandwidth", cost.cache_bandwidth},
          {"memory_bandwidth", cost.memory_bandwidth},
          {"mapped_bandwidth", cost.mapped_bandwidth},
          {"save_bandwidth", cost.save_bandwidth},
          {"save_latency", cost.save_latency_seconds},
          {"start", cost.start_seconds}};
}

/// @throws OutOfBudget  the plan does not fit; says what does.
void refuse_if_it_does_not_fit(DryRun const& dry_run) {
  auto const& plan = *dry_run.plan;
  if (plan.fits()) return;
  auto const needed = plan.needed_bytes();
  auto const text = "a rank needs " + format_bytes(needed) + ", but " + dry_run.limit_of + " is " +
                    format_bytes(*plan.memory_limit) + ": " + format_bytes(needed - *plan.memory_limit) + " short";
  auto const fits = named(dry_run.what_fits);
  throw OutOfBudget(
      text + (fits.empty() ? "; no topology that was tried fits"
                           : "; " + std::string(fits.front().what) + " would do: " + fit_text(**fits.front().fit)));
}

}  // namespace

SaveForecast forecast_save(SavedSpace space, CostModel const& cost) {
  auto const seconds = cost.save_latency_seconds + static_cast<double>(space.nbytes) / cost.save_bandwidth;
  return {std::move(space), seconds};
}

WhatFits find_what_fits(OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
  if (plan.fits() || checkpoint.recipe == nullptr) return {};
  auto const& recipe = *checkpoint.recipe;
  auto const& catalog = checkpoint.stored_catalog();
  auto options = plan.work->options;
  options.memory_limit.reset();
  auto layout_as = recipe.options;
  layout_as.pipeline_layers.clear();
  std::uint32_t ranks_of_node = 1;
  if (!options.node_of.empty()) {
    ranks_of_node = static_cast<std::uint32_t>(std::ranges::count(options.node_of, options.node_of.front()));
  }
  auto const needed = [&](Topology const& topology) -> std::optional<Bytes> {
    if (!options.node_of.empty()) {
      options.node_of.clear();
      for (std::uint32_t rank = 0; rank < topology.ranks(); ++rank) options.node_of.push_back(rank / ranks_of_node);
    }
    try {
      auto const layout = partition_model(catalog, topology, recipe.rules, catalog.metadata.config_json, layout_as);
      return make_plan(catalog, layout, topology, 0, options).needed_bytes();
    } catch (ConfigError const&) {
      return std::nullopt;  // the model cannot be cut like that
    } catch (OutOfBudget const&) {
      return std::nullopt;  // a piece needs more staging than a slot has
    }
  };
  FitSearch search{.topology = plan.topology, .limit = *plan.memory_limit};
  // A cast to a narrower type may need a quarter; views of the page cache need none.
  if (!options.files_are_mapped) search.least_total = catalog.nbytes() / (recipe.dtype ? 4 : 1);
  for (auto const& parameter : checkpoint.layout.parameters) {
    search.layers = std::max(search.layers, parameter.layer.value_or(0) + 1);
  }
  return what_fits(search, needed);
}

std::string text_of(DryRun const& dry_run, bool rows) {
  auto const& plan = *dry_run.plan;
  auto const& catalog = dry_run.checkpoint->catalog;
  auto const& layout = dry_run.checkpoint->layout;
  auto const& predicted = plan.predicted;
  Table table;
  table.add({"model", catalog.path + ": " + layout.family + ", " + std::to_string(layout.parameters.size()) +
                          " tensors, " + format_bytes(catalog.nbytes())});
  if (!dry_run.machine.empty()) table.add({"machine", dry_run.machine});
  table.add({"ranks", std::to_string(plan.topology.ranks()) + ": " + topology_text(plan.topology)});
  table.add({"memory of a rank", memory_text(dry_run)});
  table.add({"", parts_of_memory(plan)});
  add_fits(table, dry_run);
  if (dry_run.save) add_save(table, *dry_run.save);
  table.add({"requested", format_bytes(plan.requested_bytes)});
  table.add({"read from storage", format_bytes(plan.storage_read_bytes) + ", by " +
                                      std::string(word_of(plan.engine.name)) +
                                      (plan.engine.reason.empty() ? "" : " (" + plan.engine.reason + ")")});
  table.add({"read amplification", fixed_text(plan.read_amplification(), 2)});
  table.add({"exchanged", format_bytes(plan.exchanged_bytes)});
  table.add({"predicted start", duration_text(dry_run.cost.start_seconds)});
  for (auto const& [name, seconds] : predicted.stages()) {
    if (seconds > 0) table.add({"predicted " + std::string(name), duration_text(seconds)});
  }
  table.add({"predicted load",
             duration_text(predicted.total_seconds) + ", limited by " + std::string(predicted.limit().name)});
  if (dry_run.save) table.add({"predicted save", duration_text(dry_run.save->seconds)});
  table.add({"predicted job", duration_text(dry_run.job_seconds())});
  table.add({"costs", dry_run.costs_from});
  auto text = table.text() + notes_on(layout) + "\n" + stages_table(plan, layout);
  if (rows) text += "\n" + ranks_table(plan) + "\n" + parameters_table(plan, catalog, layout);
  return text;
}

std::string report_of(DryRun const& dry_run, bool tensors) {
  auto const& plan = *dry_run.plan;
  auto const& catalog = dry_run.checkpoint->catalog;
  auto const& predicted = plan.predicted;
  auto const& load = neediest(plan);
  auto warnings = catalog.warnings;
  warnings.insert(warnings.end(), dry_run.checkpoint->layout.warnings.begin(),
                  dry_run.checkpoint->layout.warnings.end());
  Bytes resident = 0;
  for (auto const& rank : plan.ranks) resident += rank.resident_bytes;
  auto report = report_head(plan.topology, *dry_run.checkpoint);
  report.update(Json{
      {"dry_run", true},
      {"fits", plan.fits() && (!dry_run.save || dry_run.save->fits())},
      {"engine", word_of(plan.engine.name)},
      {"engine_reason", plan.engine.reason},
      {"predicted_seconds", predicted.total_seconds},
      {"predicted_phases", predicted_phases_of(predicted)},
      {"predicted_limit", predicted.limit().name},
      {"predicted_job_seconds", dry_run.job_seconds()},
      {"bytes",
       {{"checkpoint", catalog.nbytes()},
        {"storage_read", plan.storage_read_bytes},
        {"exchanged", plan.exchanged_bytes},
        {"resident", resident}}},
      {"read_amplification", plan.read_amplification()},
      {"memory",
       {{"resident", load.resident_bytes},
        {"in_page_cache", load.view_bytes},
        {"staging_peak", plan.slots * load.staging_bytes},
        {"needed", plan.needed_bytes()},
        {"limit", plan.memory_limit ? Json(*plan.memory_limit) : Json(nullptr)}}},
      {"stages", stages_of(dry_run)},
      {"costs", json_of(dry_run.cost, dry_run.costs_from)},
      {"warnings", std::move(warnings)},
      {"ranks", ranks_of(plan)},
  });
  if (!dry_run.machine.empty()) report["machine"] = dry_run.machine;
  if (dry_run.save) {
    auto const& space = dry_run.save->space;
    report["save"] = {{"path", space.path},
                      {"bytes", space.nbytes},
                      {"available", space.available ? Json(*space.available) : Json(nullptr)},
                      {"predicted_seconds", dry_run.save->seconds}};
  }
  if (!plan.fits()) {
    auto fits = Json::object();
    for (auto const& [name, what, fit] : named(dry_run.what_fits)) {
      fits[name] = {{"topology", json_of((*fit)->topology)}, {"needed", (*fit)->needed_bytes}};
    }
    report["would_fit"] = std::move(fits);
  }
  if (tensors) report["tensors"] = tensors_of(dry_run);
  return json_text(report, 2) + "\n";
}

void finish_dry_run(DryRun const& dry_run, Config const& config, bool rows) {
  bool const lists_tensors = rows || config.report.tensors;
  print(text_of(dry_run, lists_tensors));
  if (!config.report.json.empty()) {
    try {
      write_result_file(config.report.json, report_of(dry_run, lists_tensors));
    } catch (IoError const& error) {
      throw IoError("report.json: " + std::string(error.what()));
    }
  }
  refuse_if_it_does_not_fit(dry_run);
}

}  // namespace distload
