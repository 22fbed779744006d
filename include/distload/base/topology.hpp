/// Topology: the sizes of tensor, pipeline, data and expert parallelism, and the rank order: tensor fastest, then data,
/// then pipeline (Megatron's order).
#pragma once

#include <cstdint>

namespace distload {

/// How the ranks of a job are arranged.
struct Topology {
  std::uint32_t tensor_parallel = 1;    ///< ranks that share each layer
  std::uint32_t pipeline_parallel = 1;  ///< stages of layers
  std::uint32_t data_parallel = 1;      ///< replicas of the model
  /// Groups of a stage's ranks that each hold some whole experts; 1: experts are cut over the tensor-parallel ranks.
  /// Divides `stage_ranks()`.
  std::uint32_t expert_parallel = 1;

  /// Ranks of one pipeline stage.
  constexpr std::uint32_t stage_ranks() const noexcept { return tensor_parallel * data_parallel; }
  /// Ranks of the job.
  constexpr std::uint32_t ranks() const noexcept { return tensor_parallel * pipeline_parallel * data_parallel; }
  friend bool operator==(Topology const&, Topology const&) = default;
};

/// @throws ConfigError  `expert_parallel` does not divide the ranks of a stage.
void check_expert_parallel(Topology const& topology);

/// A rank's number within its tensor-, data- and pipeline-parallel group.
struct Coordinates {
  std::uint32_t tensor = 0;    ///< 0 to tensor_parallel - 1
  std::uint32_t data = 0;      ///< 0 to data_parallel - 1
  std::uint32_t pipeline = 0;  ///< 0 to pipeline_parallel - 1; the stage

  friend bool operator==(Coordinates const&, Coordinates const&) = default;
};

/// The coordinates of `rank` in the job.
constexpr Coordinates coordinates_of(Topology const& topology, std::uint32_t rank) noexcept {
  auto const tp = topology.tensor_parallel;
  auto const dp = topology.data_parallel;
  return {rank % tp, rank / tp % dp, rank / (tp * dp)};
}

/// The rank in the job at these coordinates.
constexpr std::uint32_t rank_of(Topology const& topology, Coordinates const& at) noexcept {
  return at.tensor + topology.tensor_parallel * (at.data + topology.data_parallel * at.pipeline);
}

}  // namespace distload
