/// DryRun: what --dry-run prints of a plan, and its report.
#pragma once

#include <optional>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/config/config.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/plan/load_plan.hpp>
#include <distload/save/saver.hpp>

#include "plan/what_fits.hpp"

namespace distload {

/// A save: its space, and its seconds.
struct SaveForecast {
  SavedSpace space;
  double seconds = 0;

  bool fits() const noexcept { return !space.available || space.nbytes <= *space.available; }
};

/// The seconds of a save are those that every save takes, and those of its bytes.
SaveForecast forecast_save(SavedSpace space, CostModel const& cost);

struct DryRun {
  OpenedCheckpoint const* checkpoint = nullptr;
  LoadPlan const* plan = nullptr;  ///< with the memory that a rank has as its `memory_limit`
  CostModel cost;
  std::string costs_from;  ///< where `cost` is from, for people
  std::string machine;     ///< that is only described, for people; empty: this job's
  std::string limit_of;    ///< what `memory_limit` is, for people: "load.memory_limit"
  std::optional<SaveForecast> save;
  WhatFits what_fits;  ///< only where the plan does not fit

  /// From the launcher's start until everything is done.
  double job_seconds() const noexcept {
    return cost.start_seconds + plan->predicted.total_seconds + (save ? save->seconds : 0);
  }
};

/// Local: the topologies on which a model fits that does not fit as planned. Plans many of them.
WhatFits find_what_fits(OpenedCheckpoint const& checkpoint, LoadPlan const& plan);

/// Totals, and a row for each pipeline stage.
/// @param rows  also for each rank and each tensor
std::string text_of(DryRun const& dry_run, bool rows);

/// The report: the fields that a load's report has, as far as they are known before.
/// @param tensors  list every tensor
std::string report_of(DryRun const& dry_run, bool tensors);

/// Local, on rank 0: prints the text, and writes the report if the configuration names a file.
/// @param rows  also for each rank and each tensor
/// @throws OutOfBudget  the plan does not fit, after that; says what does.
/// @throws IoError      the report cannot be written.
void finish_dry_run(DryRun const& dry_run, Config const& config, bool rows);

}  // namespace distload
