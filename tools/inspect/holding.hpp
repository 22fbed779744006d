/// holding: which rank holds what of a model at a topology, for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// Ranks that follow each other, with equal loads.
struct HeldRanks {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  RankLoad each;
};

/// A pipeline stage.
struct HeldStage {
  std::string layers;                ///< "model.layers 0-15"; empty if it has none
  std::vector<std::string> modules;  ///< outside of layers
  std::vector<HeldRanks> ranks;
};

/// Parameters that are cut alike and whose names differ only in numbers.
struct HeldKind {
  std::string name;         ///< with a star for every number
  std::uint64_t count = 0;  ///< of such parameters
  DType dtype = DType::f32;
  Shape shape;  ///< in numbers, of the whole parameter
  PartitionKind cut = PartitionKind::replicated;
  std::uint32_t axis = 0;    ///< if it is cut
  std::uint32_t parts = 1;   ///< that it is cut into
  bool is_one_part = false;  ///< an expert that only one group of ranks has
  Shape shard;               ///< in numbers, of the largest part
  Bytes shard_bytes = 0;
  std::vector<std::uint64_t> stages;  ///< that hold some of them, ascending
};

struct Holding {
  Topology topology;
  std::string family;
  std::vector<HeldStage> stages;  ///< with at most kMostHeldStages
  std::vector<HeldKind> kinds;    ///< the largest first, with at most kMostHeldKinds
  std::uint64_t unlisted_kinds = 0;
  Bytes resident_bytes = 0;       ///< of all ranks
  Bytes most_resident_bytes = 0;  ///< of one rank
  Bytes read_bytes = 0;           ///< from storage, by all ranks
  Bytes exchanged_bytes = 0;
  std::vector<std::string> notes;  ///< aliases and warnings
};

inline constexpr std::size_t kMostHeldStages = 64;
inline constexpr std::size_t kMostHeldKinds = 200;
/// Ranks beyond so many are joined if they hold as much.
inline constexpr std::uint32_t kMostSingleRanks = 64;

Holding holding_of(Catalog const& catalog, ModelLayout const& layout, LoadPlan const& plan);

}  // namespace distload
