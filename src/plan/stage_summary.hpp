/// summarise_stages: which layers each pipeline stage has, and how much memory its ranks need. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/partition/model_layout.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

struct StageSummary {
  std::uint32_t first_rank = 0;
  std::uint32_t ranks = 0;
  std::vector<std::uint64_t> layers;  ///< ascending
  bool has_others = false;            ///< parameters without a layer: embeddings, heads, norms
  std::uint64_t parameters = 0;       ///< tensors that its ranks hold
  Bytes resident_bytes = 0;           ///< of the rank that holds most
  Bytes needed_bytes = 0;             ///< of the rank that needs most: shards and staging
  Bytes read_bytes = 0;               ///< by all its ranks
};

/// By stage.
std::vector<StageSummary> summarise_stages(LoadPlan const& plan, ModelLayout const& layout);

}  // namespace distload
