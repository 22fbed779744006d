// The plan as a table for people.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <distload/plan/make_plan.hpp>

#include "plan/holders.hpp"

namespace distload {
namespace {

using Row = std::vector<std::string>;

/// Columns padded to their widest cell, two spaces between them.
std::string render(std::vector<Row> const& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (auto const& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (auto const& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += row.back() + "\n";
  }
  return text;
}

std::string milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", seconds * 1e3);
  return text;
}

std::string cut_of(Partition const& partition) {
  auto text = std::string(name_of(partition.kind));
  if (partition.kind != PartitionKind::replicated) text += " axis " + std::to_string(partition.axis);
  if (partition.sections.size() > 1) text += " x" + std::to_string(partition.sections.size());
  return text;
}

}  // namespace

std::string describe(LoadPlan const& plan, Catalog const& catalog, ModelLayout const& layout, PlanOptions const& options) {
  std::vector<Row> rows{{"tensor", "dtype", "shape", "partition", "rule", "shard", "bytes/rank", "how"}};
  for (std::size_t i = 0; i < layout.parameters.size(); ++i) {
    auto const& parameter = layout.parameters[i];
    auto const& tensor = catalog.tensors[parameter.tensor];
    // Shards of one parameter differ at most in padding; the first rank's speaks for all.
    auto const shard = shard_layout(parameter.partition, tensor.shape, 0, plan.topology.tensor_parallel).shape;
    rows.push_back({tensor.name, std::string(name_of(tensor.dtype)), to_string(tensor.shape), cut_of(parameter.partition),
                    parameter.rule, to_string(shard), format_bytes(volume(shard) * size_of(tensor.dtype)),
                    explain(plan.parameters[i].shared, options.cost)});
  }
  auto text = render(rows);

  std::vector<Row> ranks{{"rank", "resident", "read", "sent", "received", "staging"}};
  for (std::size_t rank = 0; rank < plan.ranks.size(); ++rank) {
    auto const& load = plan.ranks[rank];
    ranks.push_back({std::to_string(rank), format_bytes(load.resident_bytes), format_bytes(load.read_bytes),
                     format_bytes(load.sent_bytes), format_bytes(load.received_bytes),
                     std::to_string(plan.slots) + " x " + format_bytes(load.staging_bytes)});
  }
  text += "\n" + render(ranks);

  char amplification[32];
  std::snprintf(amplification, sizeof amplification, "%.2f", plan.read_amplification());
  text += "\n" + render({
                     {"requested", format_bytes(plan.requested_bytes)},
                     {"read from storage", format_bytes(plan.storage_read_bytes)},
                     {"read amplification", amplification},
                     {"exchanged", format_bytes(plan.exchanged_bytes)},
                     {"waves", std::to_string(plan.waves.size())},
                     {"predicted", milliseconds(plan.predicted.total_seconds) + " (read " + milliseconds(plan.predicted.read_seconds) +
                                       ", exchange " + milliseconds(plan.predicted.exchange_seconds) + ")"},
                 });
  for (auto const& alias : layout.aliases) text += alias.name + " is an alias of " + alias.target + "\n";
  return text;
}

}  // namespace distload
