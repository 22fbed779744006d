// Formats a plan as tables.
#include <distload/plan/load_plan.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

#include "base/table.hpp"
#include "base/text.hpp"
#include "partition/placement.hpp"
#include "plan/describe_amplification.hpp"
#include "plan/describe_parts.hpp"
#include "plan/rank_work.hpp"
#include "plan/stage_summary.hpp"

namespace distload {
namespace {

std::string seconds_text(double seconds) {
  char text[32];
  if (seconds < 1) {
    std::snprintf(text, sizeof text, "%.1f ms", seconds * 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.2f s", seconds);
  }
  return text;
}

/// "F32", or "F32 as BF16".
std::string dtype_of(DType stored, DType in_memory) {
  auto text = std::string(name_of(stored));
  if (in_memory != stored) text.append(" as ").append(name_of(in_memory));
  return text;
}

/// "column_parallel axis 0 x3", "vocab_parallel axis 0, 2 rows of padding", "expert_parallel group 5", ...
std::string cut_of(Parameter const& parameter, Placement const& placement, Shape const& shape) {
  if (parameter.layouts) return "as requested";
  if (placement.only) {
    return std::string(name_of(PartitionKind::expert_parallel)) + " group " + std::to_string(*placement.only);
  }
  auto const& partition = placement.partition;
  auto text = std::string(name_of(partition.kind));
  if (partition.kind != PartitionKind::replicated) text += " axis " + std::to_string(partition.axis);
  if (partition.sections.size() > 1) text += " x" + std::to_string(partition.sections.size());
  if (std::ranges::any_of(partition.sections, [&](Section const& section) {
        return section.size / section.unit % placement.parts != 0 && section.uneven;
      })) {
    text += ", uneven";
  }
  if (auto const rows = padded_rows(partition, shape, placement.parts); rows > 0) {
    text += ", " + std::to_string(rows) + (rows == 1 ? " row" : " rows") + " of padding";
  }
  if (!parameter.split_names.empty()) text += ", split";
  if (parameter.transposed) text += ", transposed";
  if (parameter.added_once) text += ", added once";
  return text;
}

/// The shape of the largest shard.
Shape largest_shard(Parameter const& parameter, Placement const& placement, Shape const& shape) {
  // The first part is the largest.
  if (!parameter.layouts) return shard_layout(placement.partition, shape, 0, placement.parts).shape;
  Shape largest;
  for (auto const& layout : parameter.layouts->of_rank) {
    if (layout && (largest.empty() || volume(layout->shape) > volume(largest))) largest = layout->shape;
  }
  return largest;
}

/// The strategy of a parameter and, if the cost model selected it, the reason.
std::string way_of(PlannedParameter const& parameter, PlanOptions const& options) {
  bool const is_chosen_by_cost = !options.files_are_mapped && parameter.strategy != Strategy::scatter;
  return is_chosen_by_cost ? explain(parameter.shared, options.cost) : std::string(name_of(parameter.strategy));
}

}  // namespace

std::string parameters_table(LoadPlan const& plan, Catalog const& catalog, ModelLayout const& layout) {
  Table table;
  table.add({"tensor", "dtype", "shape", "partition", "rule", "shard", "bytes/rank", "how"});
  for (std::size_t i = 0; i < layout.parameters.size(); ++i) {
    auto const& parameter = layout.parameters[i];
    auto const& tensor = catalog.tensors[parameter.tensor];
    auto const dtype = plan.work->options.dtype_in_memory(parameter, tensor.dtype);
    auto const placement = placement_of(parameter.partition, parameter.experts, tensor.shape, plan.topology);
    auto shard = largest_shard(parameter, placement, tensor.shape);
    if (parameter.transposed) shard = with_last_axes_swapped(shard);
    table.add({printable(tensor.name), dtype_of(tensor.dtype, dtype), to_string(tensor.shape),
               cut_of(parameter, placement, tensor.shape), parameter.rule, to_string(shard),
               format_bytes(volume(shard) * size_of(dtype)), way_of(plan.work->parameter(i), plan.work->options)});
  }
  return table.text();
}

std::string ranks_table(LoadPlan const& plan) {
  Table table;
  table.add({"rank", "resident", "read", "sent", "received", "staging"});
  for (std::size_t rank = 0; rank < plan.ranks.size(); ++rank) {
    auto const& load = plan.ranks[rank];
    table.add({std::to_string(rank), format_bytes(load.resident_bytes), format_bytes(load.read_bytes),
               format_bytes(load.sent_bytes), format_bytes(load.received_bytes),
               std::to_string(plan.slots) + " x " + format_bytes(load.staging_bytes)});
  }
  return table.text();
}

std::string stages_table(LoadPlan const& plan, ModelLayout const& layout) {
  Table table;
  table.add({"stage", "layers", "ranks", "tensors", "shards of a rank", "memory of a rank", "read"});
  auto const stages = summarise_stages(plan, layout);
  for (std::size_t number = 0; number < stages.size(); ++number) {
    auto const& stage = stages[number];
    auto const last = stage.first_rank + stage.ranks - 1;
    table.add({std::to_string(number), stage.layers.empty() ? "none" : ranges_text(stage.layers),
               std::to_string(stage.first_rank) + (stage.ranks > 1 ? "-" + std::to_string(last) : ""),
               std::to_string(stage.parameters), format_bytes(stage.resident_bytes), format_bytes(stage.needed_bytes),
               format_bytes(stage.read_bytes)});
  }
  return table.text();
}

std::string prediction_text(Prediction const& predicted) {
  std::string stages;
  std::size_t count = 0;
  for (auto const& [name, seconds] : predicted.stages()) {
    if (seconds == 0) continue;
    stages += (count++ == 0 ? "" : ", ") + std::string(name) + " " + seconds_text(seconds);
  }
  if (predicted.open_seconds > 0) {
    stages = "open " + seconds_text(predicted.open_seconds) + (count == 0 ? "" : ", ") + stages;
  }
  auto text = seconds_text(predicted.total_seconds) + " (" + stages + ")";
  if (count > 1) text += ", limited by " + std::string(predicted.limit().name);
  return text;
}

namespace {

std::string totals_table(LoadPlan const& plan) {
  Table table;
  table.add({"requested", format_bytes(plan.requested_bytes)});
  table.add({"read from storage", format_bytes(plan.storage_read_bytes)});
  table.add({"read amplification", describe_amplification(plan)});
  table.add({"exchanged", format_bytes(plan.exchanged_bytes)});
  table.add({"waves", std::to_string(plan.work->waves.size())});
  table.add({"predicted", prediction_text(plan.predicted)});
  return table.text();
}

}  // namespace

std::string describe_amplification(LoadPlan const& plan) {
  auto text = fixed_text(plan.read_amplification(), 2);
  auto const& options = plan.work->options;
  bool const is_more = plan.storage_read_bytes > plan.requested_bytes;
  if (!options.files_are_mapped || options.node_of.empty() || !is_more) return text;
  return text + ", since each of " + std::to_string(1 + *std::ranges::max_element(options.node_of)) +
         " nodes maps the files and reads once what its ranks need";
}

std::string notes_on(ModelLayout const& layout) {
  std::string text;
  for (auto const& warning : layout.warnings) text += "warning: " + printable_lines(warning) + "\n";
  for (auto const& alias : layout.aliases) {
    text += printable(alias.name) + " is an alias of " + printable(alias.target) + "\n";
  }
  return text;
}

std::string describe(LoadPlan const& plan, Catalog const& catalog, ModelLayout const& layout) {
  return totals_table(plan) + notes_on(layout) + "\n" + stages_table(plan, layout) + "\n" + ranks_table(plan) + "\n" +
         parameters_table(plan, catalog, layout);
}

}  // namespace distload
