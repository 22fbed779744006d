/// ParameterKinds: the part of planning that equal parameters share, e.g. all experts of all layers, computed once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plan/demand/alike_parameters.hpp"
#include "plan/demand/demand.hpp"
#include "plan/demand/rank_sets.hpp"
#include "plan/demand/shards_in_file.hpp"
#include "plan/plan_request.hpp"
#include "plan/rank_work.hpp"
#include "plan/read_jobs.hpp"

namespace distload {

/// The part of a parameter's plan that does not depend on previously planned parameters.
struct ParameterKind {
  std::uint32_t number = 0;  ///< index into `RankWork::kinds`
  Demand demand;  ///< of the first parameter of the kind; extents of the others have equal boxes but other offsets
  std::vector<ReadJob> jobs;
  std::vector<ReadPiece> pieces;
  std::vector<std::optional<ShardInFile>> view_candidates;  ///< by group; only if files are mapped
  std::shared_ptr<ShardLayout const> own_layout;            ///< of the own rank; null if it holds no shard
  /// By group, for each list of stages seen so far.
  std::map<std::vector<std::uint32_t>, std::vector<RankSetId>> rank_sets;
};

class ParameterKinds {
 public:
  /// `request` outlives the object.
  explicit ParameterKinds(PlanRequest const& request);

  /// The kind of a parameter. The reference stays valid as long as the object.
  ParameterKind& of(std::uint32_t parameter);
  /// The planned parameter of each kind, by `ParameterKind::number`.
  std::vector<PlannedParameter> take_planned_parameters() && { return std::move(planned_); }

 private:
  ParameterKind make(std::uint32_t parameter) const;

  PlanRequest const& request_;
  std::unordered_map<std::uint32_t, ParameterKind, AlikeParameters, AlikeParameters> kinds_;  ///< by first parameter
  std::vector<PlannedParameter> planned_;
};

}  // namespace distload
