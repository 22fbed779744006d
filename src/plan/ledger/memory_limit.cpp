// Compares the rank that needs most memory with the limit.
#include "plan/ledger/memory_limit.hpp"

#include <algorithm>
#include <string>

#include <distload/base/error.hpp>

#include "plan/demand/holders.hpp"

namespace distload {
namespace {

struct NamedShard {
  std::string name;
  Bytes nbytes = 0;
};

NamedShard largest_shard(PlanRequest const& request, std::uint32_t rank) {
  NamedShard largest;
  for (auto const& parameter : request.layout.parameters) {
    auto const& tensor = request.catalog.tensors[parameter.tensor];
    if (!request.is_on_stage_of(parameter, rank)) continue;
    auto const holders = holders_of(parameter, tensor.shape, request.topology);
    auto const group = holders.group_of(rank);
    if (!group) continue;
    auto const dtype = request.options.dtype_in_memory(parameter, tensor.dtype);
    auto const nbytes = volume(holders.groups()[*group].layout.shape) * size_of(dtype);
    if (nbytes > largest.nbytes) largest = {tensor.name, nbytes};
  }
  return largest;
}

std::string refusal(RankLoad const& load, std::uint32_t rank, Bytes needed, std::uint32_t slots,
                    PlanRequest const& request) {
  auto const limit = *request.options.memory_limit;
  auto const largest = largest_shard(request, rank);
  auto const text = "rank " + std::to_string(rank) + " needs " + format_bytes(needed) + " (" +
                    format_bytes(load.resident_bytes) + " of shards and " + std::to_string(slots) +
                    " staging slots of " + format_bytes(load.staging_bytes) + ", the largest shard being " +
                    largest.name + " with " + format_bytes(largest.nbytes) + "), but ";
  auto const rest = format_bytes(limit) + ": " + format_bytes(needed - limit) + " short; ";
  auto const more_ranks = "cut the model over more ranks (topology.tensor_parallel, now " +
                          std::to_string(request.topology.tensor_parallel) + ")";
  if (!request.options.is_limit_configured)
    return text + "its share of the free memory is " + rest + more_ranks + ", or use more nodes";
  return text + "load.memory_limit is " + rest + "set load.memory_limit to " + std::to_string(needed) +
         " B or more, or " + more_ranks;
}

}  // namespace

void check_memory_limit(LoadPlan const& plan, PlanRequest const& request) {
  if (!request.options.memory_limit) return;
  // Existing arenas are not counted again.
  bool const needs_arenas = request.options.places.empty();
  auto const needed_by = [&](RankLoad const& load) {
    return (needs_arenas ? load.resident_bytes - load.view_bytes : 0) + plan.slots * load.staging_bytes;
  };
  auto const worst = std::ranges::max_element(plan.ranks, {}, needed_by);
  auto const needed = needed_by(*worst);
  if (needed <= *request.options.memory_limit) return;
  auto const rank = static_cast<std::uint32_t>(worst - plan.ranks.begin());
  throw OutOfBudget(refusal(*worst, rank, needed, plan.slots, request));
}

}  // namespace distload
