// A sum over all vectors of a plan.
#include "plan_bench/heap_bytes.hpp"

namespace distload::plan_bench {
namespace {

template <typename Element>
Bytes own_bytes(std::vector<Element> const& vector) noexcept {
  return vector.capacity() * sizeof(Element);
}

}  // namespace

Bytes heap_bytes(LoadPlan const& plan) noexcept {
  auto bytes = own_bytes(plan.shards) + own_bytes(plan.waves) + own_bytes(plan.parameters) + own_bytes(plan.ranks);
  for (auto const& shard : plan.shards) bytes += own_bytes(shard.layout.pieces);
  for (auto const& wave : plan.waves) {
    bytes += own_bytes(wave.reads) + own_bytes(wave.packs) + own_bytes(wave.sends) + own_bytes(wave.receives) +
             own_bytes(wave.places);
  }
  return bytes;
}

}  // namespace distload::plan_bench
