// Computes demands, jobs and pieces once per kind.
#include "plan/parameter_kinds.hpp"

namespace distload {

ParameterKinds::ParameterKinds(PlanRequest const& request)
    : request_(request),
      kinds_(0, AlikeParameters(request.catalog, request.layout, request.options),
             AlikeParameters(request.catalog, request.layout, request.options)) {}

ParameterKind& ParameterKinds::of(std::uint32_t parameter) {
  if (auto const known = kinds_.find(parameter); known != kinds_.end()) return known->second;
  auto& kind = kinds_.emplace(parameter, make(parameter)).first->second;
  planned_.push_back(summarize(kind.demand, kind.jobs));
  return kind;
}

ParameterKind ParameterKinds::make(std::uint32_t index) const {
  auto const& catalog = request_.catalog;
  auto const& options = request_.options;
  auto const& parameter = request_.layout.parameters[index];
  auto const dtype = options.dtype_in_memory(parameter, catalog.tensors[parameter.tensor].dtype);
  Demand demand(catalog, parameter, dtype, request_.topology);
  auto jobs = make_read_jobs(demand, request_);
  auto pieces = make_read_pieces(demand, jobs, catalog.block_bytes);
  auto views = options.files_are_mapped ? shards_in_file(demand, options.least_view_bytes)
                                        : std::vector<std::optional<ShardInFile>>(demand.holders().groups().size());
  std::shared_ptr<ShardLayout const> own_layout;
  if (auto const group = demand.holders().group_of(request_.rank)) {
    own_layout = std::make_shared<ShardLayout const>(demand.layout_of(*group));
  }
  return {.number = static_cast<std::uint32_t>(kinds_.size()),
          .demand = std::move(demand),
          .jobs = std::move(jobs),
          .pieces = std::move(pieces),
          .view_candidates = std::move(views),
          .own_layout = std::move(own_layout),
          .rank_sets = {}};
}

}  // namespace distload
