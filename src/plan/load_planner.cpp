// Plans all parameters and assembles the plan.
#include "plan/load_planner.hpp"

#include <algorithm>
#include <utility>

#include "checkpoint/fingerprint.hpp"
#include "plan/ledger/memory_limit.hpp"
#include "plan/ledger/prediction.hpp"

namespace distload {

LoadPlanner::LoadPlanner(PlanRequest const& request)
    : request_(request),
      kinds_(request),
      arenas_(request),
      ledger_(request),
      message_route_(request, ledger_, waves_),
      mapped_route_(request, ledger_, waves_),
      scatter_route_(request, arenas_, ledger_, waves_) {
  plan_.topology = request.topology;
  plan_.rank = request.rank;
  work_.kind_of.reserve(request.layout.parameters.size());
}

LoadPlan LoadPlanner::run() {
  auto const count = static_cast<std::uint32_t>(request_.layout.parameters.size());
  // A device's messages take seconds to set up, during which waves without messages proceed.
  bool const messages_last = !request_.options.arena_on_host;
  for (std::uint32_t index = 0; index < count; ++index) plan_parameter(index, !messages_last);
  if (messages_last) {
    for (std::uint32_t index = 0; index < count; ++index) plan_messages(index);
  }
  finish();
  return std::move(plan_);
}

void LoadPlanner::plan_parameter(std::uint32_t index, bool with_messages) {
  auto parameter = current_parameter(index);
  for (std::uint32_t group = 0; group < parameter.rank_sets.size(); ++group) {
    ledger_.count_shard(parameter.rank_sets[group], arenas_.shard_bytes_in_arena(parameter, group),
                        parameter.kind.view_candidates[group].has_value());
  }
  parameter.own = arenas_.place(parameter, work_);
  plan_.requested_bytes +=
      parameter.parameter.layouts ? parameter.demand().requested_bytes() : parameter.tensor.nbytes();
  work_.kind_of.push_back(parameter.kind.number);

  if (!with_messages) own_.push_back(parameter.own);

  start_routes(parameter);
  for (auto const& piece : parameter.kind.pieces) {
    if (with_messages || !sends_messages(piece, parameter)) route_of_job_[piece.job]->plan(parameter, piece);
  }
}

void LoadPlanner::plan_messages(std::uint32_t index) {
  auto parameter = current_parameter(index);
  parameter.own = own_[index];
  start_routes(parameter);
  for (auto const& piece : parameter.kind.pieces) {
    if (sends_messages(piece, parameter)) route_of_job_[piece.job]->plan(parameter, piece);
  }
}

void LoadPlanner::start_routes(CurrentParameter const& parameter) {
  route_of_job_.clear();
  for (auto const& job : parameter.kind.jobs) route_of_job_.push_back(&route_of(parameter, job));
  for (auto* const route : routes_) route->start(parameter);
}

bool LoadPlanner::sends_messages(ReadPiece const& piece, CurrentParameter const& parameter) const {
  return route_of_job_[piece.job] == &message_route_ && !parameter.job_of(piece).sole_reader;
}

CurrentParameter LoadPlanner::current_parameter(std::uint32_t index) {
  auto const& parameter = request_.layout.parameters[index];
  auto& kind = kinds_.of(index);
  auto const [sets, is_new] = kind.rank_sets.try_emplace(parameter.stages);
  if (is_new) sets->second = rank_sets_.of(kind.demand.holders(), parameter.stages);
  bool const is_on_stage = request_.is_on_stage_of(parameter, request_.rank);
  return {.index = index,
          .parameter = parameter,
          .tensor = request_.catalog.tensors[parameter.tensor],
          .kind = kind,
          .all_rank_sets = rank_sets_,
          .rank_sets = sets->second,
          .own_group = is_on_stage ? kind.demand.holders().group_of(request_.rank) : std::nullopt,
          .own = {}};
}

Route& LoadPlanner::route_of(CurrentParameter const& parameter, ReadJob const& job) {
  if (request_.options.files_are_mapped) {
    if (job.strategy == Strategy::scatter) return scatter_route_;
    return mapped_route_;
  }
  // Decided per parameter: parameters of one kind may be on different stages, hence on different nodes.
  if (job.can_scatter && share_a_node(parameter, job, request_)) return scatter_route_;
  return message_route_;
}

void LoadPlanner::finish() {
  plan_.arena_bytes = arenas_.own_bytes();
  plan_.slots = std::min(request_.options.slots, ledger_.waves());
  auto const waves = ledger_.waves();
  std::move(ledger_).write_totals(rank_sets_, plan_);
  finish_work(waves);
  for (auto const& wave : work_.waves) plan_.slot_bytes = std::max(plan_.slot_bytes, wave.staging_bytes);
  check_memory_limit(plan_, request_);
  plan_.predicted = predict(plan_, waves, request_.options);
  plan_.work = std::make_shared<RankWork const>(std::move(work_));
}

void LoadPlanner::finish_work(std::uint32_t waves) {
  work_.checkpoint = request_.catalog.path;
  work_.fingerprint = fingerprint_of(request_.catalog);
  work_.options = request_.options;
  work_.options.places.clear();
  work_.options.stored_extents = {};
  work_.shards.shrink_to_fit();
  work_.kinds = std::move(kinds_).take_planned_parameters();
  work_.kinds.shrink_to_fit();
  work_.waves = std::move(waves_).finish(waves);
  auto const stored = request_.options.stored_extents;
  if (stored.empty()) return;
  for (auto& wave : work_.waves) {
    for (auto& read : wave.reads) read.extent = stored[read.extent];
  }
}

}  // namespace distload
