/// LoadPlanner: plans one parameter after the other for all ranks, and records the work of the own rank.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "plan/arena_layout.hpp"
#include "plan/demand/rank_sets.hpp"
#include "plan/ledger/ledger.hpp"
#include "plan/make_plan.hpp"
#include "plan/parameter_kinds.hpp"
#include "plan/plan_request.hpp"
#include "plan/rank_work.hpp"
#include "plan/routes/mapped_route.hpp"
#include "plan/routes/message_route.hpp"
#include "plan/routes/scatter_route.hpp"
#include "plan/wave_builder.hpp"

namespace distload {

class LoadPlanner {
 public:
  /// `request` outlives the object.
  explicit LoadPlanner(PlanRequest const& request);
  LoadPlanner(LoadPlanner const&) = delete;
  LoadPlanner& operator=(LoadPlanner const&) = delete;
  ~LoadPlanner() = default;

  /// Precondition: called once.
  LoadPlan run();

 private:
  /// Plans everything that a parameter needs, or only what needs no messages.
  void plan_parameter(std::uint32_t index, bool with_messages);
  /// Plans what `plan_parameter` has left out.
  void plan_messages(std::uint32_t index);
  /// Selects the routes of the jobs of a parameter.
  void start_routes(CurrentParameter const& parameter);
  bool sends_messages(ReadPiece const& piece, CurrentParameter const& parameter) const;
  CurrentParameter current_parameter(std::uint32_t index);
  Route& route_of(CurrentParameter const& parameter, ReadJob const& job);
  void finish();
  /// Completes `work_`, except its shards and views.
  void finish_work(std::uint32_t waves);

  PlanRequest const& request_;
  RankSets rank_sets_;
  ParameterKinds kinds_;
  ArenaLayout arenas_;
  Ledger ledger_;
  WaveBuilders waves_;
  MessageRoute message_route_;
  MappedRoute mapped_route_;
  ScatterRoute scatter_route_;
  std::array<Route*, 3> routes_{&message_route_, &mapped_route_, &scatter_route_};
  std::vector<Route*> route_of_job_;  ///< by job of the current parameter
  std::vector<ShardPosition> own_;    ///< of the own shards by parameter, if messages are planned last
  RankWork work_;
  LoadPlan plan_;
};

}  // namespace distload
