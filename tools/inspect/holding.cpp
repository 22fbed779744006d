// Joins parameters that are cut alike, and ranks that hold as much.
#include "inspect/holding.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "checkpoint/packed_shape.hpp"
#include "inspect/name_parts.hpp"
#include "partition/placement.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostModules = 8;
constexpr std::size_t kMostNotes = 20;

HeldKind kind_of(TensorInfo const& tensor, Parameter const& parameter, Topology const& topology) {
  auto const placement = placement_of(parameter.partition, parameter.experts, tensor.shape, topology);
  // The first part is the largest.
  auto const shard = shard_layout(placement.partition, tensor.shape, 0, placement.parts).shape;
  HeldKind kind;
  kind.dtype = tensor.dtype;
  kind.shape = shape_in_numbers(tensor.dtype, tensor.shape);
  kind.is_one_part = placement.only.has_value();
  kind.cut = kind.is_one_part ? PartitionKind::expert_parallel : placement.partition.kind;
  kind.axis = placement.partition.axis;
  kind.parts = kind.cut == PartitionKind::replicated ? 1 : placement.parts;
  kind.shard = shape_in_numbers(tensor.dtype, shard);
  kind.shard_bytes = volume(shard) * size_of(tensor.dtype);
  return kind;
}

std::vector<HeldKind> kinds_of(Catalog const& catalog, ModelLayout const& layout, Topology const& topology) {
  std::map<std::tuple<std::string, std::string, PartitionKind, std::uint32_t>,
           std::pair<HeldKind, std::set<std::uint64_t>>>
      kinds;
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    auto name = without_numbers(tensor.name);
    auto form = std::string(name_of(tensor.dtype)) + to_string(tensor.shape);
    auto const [known, is_new] =
        kinds.try_emplace({name, std::move(form), parameter.partition.kind, parameter.partition.axis});
    auto& [kind, stages] = known->second;
    if (is_new) {
      kind = kind_of(tensor, parameter, topology);
      kind.name = std::move(name);
    }
    ++kind.count;
    stages.insert(parameter.stages.begin(), parameter.stages.end());
  }
  std::vector<HeldKind> list;
  for (auto& [key, of_key] : kinds) {
    of_key.first.stages.assign(of_key.second.begin(), of_key.second.end());
    list.push_back(std::move(of_key.first));
  }
  std::ranges::stable_sort(list, std::greater<>(), [](HeldKind const& kind) { return kind.count * kind.shard_bytes; });
  return list;
}

void add_stages(Holding& holding, Catalog const& catalog, ModelLayout const& layout) {
  struct Contents {
    std::map<std::string_view, std::set<std::uint64_t>> layers;
    std::set<std::string_view> modules;
  };
  std::vector<Contents> contents(holding.stages.size());
  for (auto const& parameter : layout.parameters) {
    std::string_view const name = catalog.tensors[parameter.tensor].name;
    auto const layer = layer_of(name);
    for (auto const stage : parameter.stages) {
      if (stage >= contents.size()) continue;
      if (layer) {
        contents[stage].layers[layer->stack].insert(layer->number);
      } else if (contents[stage].modules.size() < kMostModules) {
        contents[stage].modules.insert(name);
      }
    }
  }
  for (std::size_t stage = 0; stage < contents.size(); ++stage) {
    auto& held = holding.stages[stage];
    std::size_t count = 0;
    for (auto const& [stack, numbers] : contents[stage].layers) {
      if (count++ == kMostModules) {
        held.layers += " and others";
        break;
      }
      held.layers += (held.layers.empty() ? "" : "; ") + std::string(stack) +
                     ranges_text(std::vector<std::uint64_t>(numbers.begin(), numbers.end()), kMostRanges);
    }
    held.modules.assign(contents[stage].modules.begin(), contents[stage].modules.end());
  }
}

/// Large jobs: ranks with equal shards, whatever they read.
void add_ranks(Holding& holding, LoadPlan const& plan) {
  auto const stage_ranks = plan.topology.stage_ranks();
  bool const is_single = plan.topology.ranks() <= kMostSingleRanks;
  for (std::size_t stage = 0; stage < holding.stages.size(); ++stage) {
    auto& ranks = holding.stages[stage].ranks;
    for (std::uint32_t i = 0; i < stage_ranks; ++i) {
      auto const rank = static_cast<std::uint32_t>(stage) * stage_ranks + i;
      auto const& load = plan.ranks[rank];
      bool const joins = !is_single && !ranks.empty() && ranks.back().each.resident_bytes == load.resident_bytes;
      if (!joins) {
        ranks.push_back({rank, rank, load});
        continue;
      }
      ranks.back().last = rank;
      ranks.back().each.read_bytes = std::max(ranks.back().each.read_bytes, load.read_bytes);
    }
  }
}

}  // namespace

Holding holding_of(Catalog const& catalog, ModelLayout const& layout, LoadPlan const& plan) {
  Holding holding;
  holding.topology = plan.topology;
  holding.family = layout.family;
  holding.stages.resize(std::min<std::size_t>(plan.topology.pipeline_parallel, kMostHeldStages));
  add_stages(holding, catalog, layout);
  add_ranks(holding, plan);
  holding.kinds = kinds_of(catalog, layout, plan.topology);
  if (holding.kinds.size() > kMostHeldKinds) {
    holding.unlisted_kinds = holding.kinds.size() - kMostHeldKinds;
    holding.kinds.resize(kMostHeldKinds);
  }
  for (auto const& rank : plan.ranks) {
    holding.resident_bytes += rank.resident_bytes;
    holding.most_resident_bytes = std::max(holding.most_resident_bytes, rank.resident_bytes);
  }
  holding.read_bytes = plan.storage_read_bytes;
  holding.exchanged_bytes = plan.exchanged_bytes;
  for (auto const& alias : layout.aliases) holding.notes.push_back(alias.name + " is an alias of " + alias.target);
  holding.notes.insert(holding.notes.end(), layout.warnings.begin(), layout.warnings.end());
  if (holding.notes.size() > kMostNotes) {
    auto const more = holding.notes.size() - kMostNotes;
    holding.notes.resize(kMostNotes);
    holding.notes.push_back("and " + std::to_string(more) + " more");
  }
  return holding;
}

}  // namespace distload
