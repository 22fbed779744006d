/// Topology: how many ways a model is cut, and which rank is which part, in Megatron's order: tensor, data, pipeline.
#pragma once

#include <cstdint>

namespace distload {

struct Topology {
  std::uint32_t tensor_parallel = 1;
  std::uint32_t pipeline_parallel = 1;
  std::uint32_t data_parallel = 1;
  /// Ways that whole experts are dealt out over a stage's ranks; 1: experts are cut as everything else is. Divides
  /// `stage_ranks()`.
  std::uint32_t expert_parallel = 1;

  /// Of one pipeline stage.
  constexpr std::uint32_t stage_ranks() const noexcept { return tensor_parallel * data_parallel; }
  constexpr std::uint32_t ranks() const noexcept { return tensor_parallel * pipeline_parallel * data_parallel; }
  friend bool operator==(Topology const&, Topology const&) = default;
};

/// @throws ConfigError  `expert_parallel` does not divide the ranks of a stage.
void check_expert_parallel(Topology const& topology);

/// One rank's place in each of the three directions.
struct Coordinates {
  std::uint32_t tensor = 0;
  std::uint32_t data = 0;
  std::uint32_t pipeline = 0;

  friend bool operator==(Coordinates const&, Coordinates const&) = default;
};

constexpr Coordinates coordinates_of(Topology const& topology, std::uint32_t rank) noexcept {
  auto const tp = topology.tensor_parallel;
  auto const dp = topology.data_parallel;
  return {rank % tp, rank / tp % dp, rank / (tp * dp)};
}

constexpr std::uint32_t rank_of(Topology const& topology, Coordinates const& at) noexcept {
  return at.tensor + topology.tensor_parallel * (at.data + topology.data_parallel * at.pipeline);
}

}  // namespace distload
