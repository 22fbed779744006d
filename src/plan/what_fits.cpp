// Tries topologies in the order of their ranks.
#include "plan/what_fits.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace distload {
namespace {

/// Each topology is tried once, as long as tries are left.
class Tries {
 public:
  Tries(FitSearch const& search, std::function<std::optional<Bytes>(Topology const&)> const& needed)
      : search_(search), needed_(needed) {}

  /// The fit of a topology, if it is one.
  std::optional<Fit> fit(Topology const& topology) {
    if (search_.least_total / parts(topology) > search_.limit) return std::nullopt;
    auto const key = std::tuple(topology.tensor_parallel, topology.pipeline_parallel, topology.data_parallel);
    auto const [tried, is_new] = tried_.try_emplace(key);
    if (is_new && tries_ < search_.most_tries) {
      ++tries_;
      tried->second = needed_(topology);
    }
    auto const& bytes = tried->second;
    return bytes && *bytes <= search_.limit ? std::optional(Fit{topology, *bytes}) : std::nullopt;
  }

  bool are_left() const noexcept { return tries_ < search_.most_tries; }

 private:
  /// Ranks that a replica's bytes are divided among: experts also among the ranks of data parallelism.
  static std::uint32_t parts(Topology const& topology) noexcept {
    return topology.tensor_parallel * topology.pipeline_parallel *
           (topology.expert_parallel > 1 ? topology.data_parallel : 1);
  }

  FitSearch const& search_;
  std::function<std::optional<Bytes>(Topology const&)> const& needed_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::optional<Bytes>> tried_;
  std::uint32_t tries_ = 0;
};

/// True for the numbers of tensor-parallel ranks that are tried: all up to 8, and multiples of ever larger powers of
/// two.
bool is_usual(std::uint32_t ranks) noexcept {
  std::uint32_t step = 1;
  while (ranks > 8 * step) step *= 2;
  return ranks % step == 0;
}

/// The divisors of `ranks` as tensor x pipeline, the fewest stages first.
std::vector<Topology> divided(std::uint32_t ranks, FitSearch const& search) {
  std::vector<Topology> found;
  for (std::uint32_t stages = 1; stages <= std::min(ranks, search.layers); ++stages) {
    if (ranks % stages != 0 || !is_usual(ranks / stages)) continue;
    found.push_back({ranks / stages, stages, 1, 1});
  }
  return found;
}

}  // namespace

WhatFits what_fits(FitSearch const& search, std::function<std::optional<Bytes>(Topology const&)> const& needed) {
  Tries tries(search, needed);
  WhatFits found;
  auto const now = search.topology;
  auto const others = now.pipeline_parallel * now.data_parallel;
  for (auto topology = now; !found.tensor && topology.tensor_parallel * others <= search.most_ranks && tries.are_left();
       ++topology.tensor_parallel) {
    if (is_usual(topology.tensor_parallel)) found.tensor = tries.fit(topology);
  }
  for (auto topology = now; !found.pipeline && topology.pipeline_parallel <= search.layers && tries.are_left();
       ++topology.pipeline_parallel) {
    found.pipeline = tries.fit(topology);
  }
  if (now.expert_parallel > 1) return found;  // whose groups other topologies would change
  for (std::uint32_t ranks = 1; ranks <= search.most_ranks && tries.are_left(); ++ranks) {
    for (auto topology : divided(ranks, search)) {
      if (!found.fewest) found.fewest = tries.fit(topology);
      if (found.same_ranks || now.ranks() % ranks != 0) continue;
      topology.data_parallel = now.ranks() / ranks;
      found.same_ranks = tries.fit(topology);
    }
    if (found.fewest && (found.same_ranks || ranks >= now.ranks())) break;
  }
  return found;
}

}  // namespace distload
