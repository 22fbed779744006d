// Adds up the vectors of a plan.
#include "plan_bench/heap_bytes.hpp"

#include <set>

#include "plan/rank_work.hpp"

namespace distload::plan_bench {
namespace {

template <typename Element>
Bytes own_bytes(std::vector<Element> const& vector) noexcept {
  return vector.capacity() * sizeof(Element);
}

}  // namespace

Bytes heap_bytes(LoadPlan const& plan) noexcept {
  auto const& work = *plan.work;
  auto bytes = own_bytes(work.shards) + own_bytes(work.waves) + own_bytes(work.kinds) + own_bytes(work.kind_of) +
               own_bytes(plan.ranks);
  std::set<ShardLayout const*> layouts;  // equal shards share a layout
  for (auto const& shard : work.shards) layouts.insert(shard.layout.get());
  for (auto const* const layout : layouts) bytes += sizeof *layout + own_bytes(layout->pieces);
  for (auto const& wave : work.waves) {
    bytes += own_bytes(wave.reads) + wave.packs.capacity_bytes() + own_bytes(wave.sends) + own_bytes(wave.receives) +
             wave.places.capacity_bytes();
  }
  return bytes;
}

}  // namespace distload::plan_bench
