/// ParameterKinds: what alike parameters share, as all experts of all layers do, worked out once for all of them.
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

/// What does not depend on what has been planned before.
struct ParameterKind {
  std::uint32_t number = 0;  ///< index into `RankWork::kinds`
  Demand demand;             ///< of the first of them: extents of the others have the same boxes, elsewhere
  std::vector<ReadJob> jobs;
  std::vector<ReadPiece> pieces;
  std::vector<std::optional<ShardInFile>> view_candidates;  ///< by group; none unless files are mapped
  std::shared_ptr<ShardLayout const> own_layout;            ///< of the own rank, on their stages; null if it has none
  std::map<std::vector<std::uint32_t>, std::vector<RankSetId>>
      rank_sets;  ///< by group, for each list of stages met so far
};

class ParameterKinds {
 public:
  /// `request` outlives the object.
  explicit ParameterKinds(PlanRequest const& request);

  /// The kind of a parameter; a reference stays valid.
  ParameterKind& of(std::uint32_t parameter);
  /// How the parameters of each kind travel.
  std::vector<PlannedParameter> take_summaries() && { return std::move(summaries_); }

 private:
  ParameterKind make(std::uint32_t parameter) const;

  PlanRequest const& request_;
  std::unordered_map<std::uint32_t, ParameterKind, AlikeParameters, AlikeParameters> kinds_;  ///< by their first
  std::vector<PlannedParameter> summaries_;
};

}  // namespace distload
