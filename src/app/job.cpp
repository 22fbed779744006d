// The steps of a job: check, load, redistribute, save, report.
#include "app/job.hpp"

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

#include <distload/load/loader.hpp>
#include <distload/load/report.hpp>
#include <distload/redistribute/redistribute_report.hpp>
#include <distload/redistribute/redistributor.hpp>
#include <distload/save/save_report.hpp>
#include <distload/save/saver.hpp>

#include "app/agree_on_config.hpp"
#include "app/describe_conversion.hpp"
#include "app/dry_run.hpp"
#include "app/options.hpp"
#include "app/prepare.hpp"
#include "app/progress_display.hpp"
#include "app/summary.hpp"
#include "base/log.hpp"
#include "base/result_file.hpp"
#include "base/standard_streams.hpp"
#include "base/trace.hpp"
#include "load/gather_trace.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// Collective: rank 0 writes `text` to the configured file, if there is one.
void write_report(Communicator& world, Config const& config, std::string const& text) {
  if (config.report.json.empty()) return;
  all_or_throw(world, "report", [&] {
    if (world.rank() != 0) return;
    try {
      write_result_file(config.report.json, text);
    } catch (IoError const& error) {
      throw IoError("report.json: " + std::string(error.what()));
    }
  });
}

/// Collective: rank 0 writes the trace to the configured file, if there is one.
void write_trace(Communicator& world, Config const& config, std::string const& text) {
  if (config.report.trace.empty()) return;
  all_or_throw(world, "trace", [&] {
    if (world.rank() != 0) return;
    try {
      write_result_file(config.report.trace, text);
    } catch (IoError const& error) {
      throw IoError("report.trace: " + std::string(error.what()));
    }
  });
}

/// Runs `step` after a save; on failure the message says that the save is complete.
template <class Step>
void after_save(SaveResult const& saved, Step const& step) {
  try {
    step();
  } catch (Error const& error) {
    throw_error(error.code(), std::string(error.what()) + "; the checkpoint was saved as " + saved.path);
  }
}

/// The report of a load, written after the save. An exception while making it is kept until then.
class LoadReport {
 public:
  /// Collective.
  template <class Make>
  explicit LoadReport(Make const& make) {
    try {
      text_ = make();
    } catch (Error const&) {
      failure_ = std::current_exception();
    }
  }

  /// Valid on rank 0.
  std::string const& text() const {
    if (failure_) std::rethrow_exception(failure_);
    return text_;
  }

  /// Local: called if the save has failed. Problems of the report are only warnings then.
  void write_if_made(Config const& config) const {
    if (text_.empty()) return;
    try {
      write_result_file(config.report.json, text_);
    } catch (IoError const& error) {
      log().warn("report.json: {}", error.what());
    }
  }

 private:
  std::string text_;
  std::exception_ptr failure_;
};

/// One job; its members are in order of creation.
class Job {
 public:
  Job(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, JobOptions const& options)
      : config_(&config),
        options_(&options),
        grid_(&grid),
        watchdog_(&watchdog),
        display_(prints() ? progress_mode(config.report.progress, isatty(STDERR_FILENO) != 0) : ProgressMode::none),
        loader_(grid, loader_options(config, options.in_place), [this](ProgressEvent const& event) { show(event); }) {
    if (options.redistribute) {
      if (config.save && config.save->stream)
        throw ConfigError("--redistribute needs the model in memory, where save.stream does not load it");
      topology_ = options.redistribute->topology(grid.world().size());
      redistributor_.emplace(grid.world(), grid.node(), redistribute_options(config, *options.redistribute),
                             config.runtime, [this](ProgressEvent const& event) { show(event); });
    }
    if (!config.save) return;
    saver_.emplace(
        save_options(config), [this](ProgressEvent const& event) { show(event); }, config.runtime);
  }

  /// Collective.
  void run() {
    bool const dry_run = options_->dry_run;
    if (!config_->report.trace.empty() && !dry_run) start_trace();
    auto const checkpoint = loader_.open(dry_run ? CutShort::accept : CutShort::refuse);
    for (auto const& warning : checkpoint.catalog.warnings) log().warn(warning);
    for (auto const& warning : checkpoint.layout.warnings) log().warn(warning);
    if (redistributor_) all_or_throw(world(), "partition", [&] { redistributor_->check(checkpoint, topology_); });
    auto const refusal = refusal_of_target(checkpoint);
    if (refusal && !dry_run) std::rethrow_exception(refusal);
    check_destinations(*config_, checkpoint, saver_ ? &*saver_ : nullptr, world(), dry_run);
    if (dry_run) {
      show_dry_run(checkpoint);
    } else if (streams()) {
      convert(checkpoint);
    } else {
      load(checkpoint, loader_.plan(checkpoint, OverLimit::refuse));
    }
    if (refusal) std::rethrow_exception(refusal);
  }

 private:
  Communicator& world() const { return grid_->world(); }
  bool prints() const { return world().rank() == 0; }
  bool streams() const { return saver_ && config_->save->stream; }

  /// Collective: the error of a save that must not write where it would, on all ranks; otherwise nothing. A dry run
  /// shows its plan nevertheless.
  std::exception_ptr refusal_of_target(OpenedCheckpoint const& checkpoint) const {
    try {
      if (saver_) saver_->check_target(checkpoint, world());
    } catch (ConfigError const&) {
      return std::current_exception();
    }
    return nullptr;
  }

  void show(ProgressEvent const& event) {
    watchdog_->beat();
    if (event.phase != phase_) {
      phase_ = event.phase;
      watchdog_->enter(phase_);
    }
    display_.show(event);
  }

  /// Collective: a dry run.
  void show_dry_run(OpenedCheckpoint const& checkpoint) {
    if (streams()) return show_conversion(checkpoint);
    auto const plan = loader_.plan(checkpoint, OverLimit::accept);
    show_plan(checkpoint, plan);
    if (!redistributor_ || !plan.fits()) return;
    auto const forecast = redistributor_->forecast(checkpoint, plan, topology_, options_->in_place);
    if (prints()) print("\n" + describe(forecast));
  }

  /// Collective: prints the plan and writes the report of a dry run.
  /// @throws OutOfBudget  the plan does not fit; on all ranks.
  void show_plan(OpenedCheckpoint const& checkpoint, LoadPlan const& plan) const {
    watchdog_->enter("plan");
    all_or_throw(world(), "plan", [&] {
      if (!prints()) return;
      DryRun shown;
      shown.checkpoint = &checkpoint;
      shown.plan = &plan;
      shown.cost = config_->cost;
      shown.costs_from = source_of_costs(config_->cost);
      shown.limit_of = config_->load.memory_limit ? "load.memory_limit" : "a rank's share of the free memory";
      if (saver_) shown.save = forecast_save(saver_->space(checkpoint, config_->load.dtype), config_->cost);
      shown.what_fits = find_what_fits(checkpoint, plan);
      finish_dry_run(shown, *config_, options_->rows);
    });
  }

  /// Local: prints what a conversion would do.
  void show_conversion(OpenedCheckpoint const& checkpoint) const {
    if (!prints()) return;
    auto const options = convert_options(*config_, *grid_);
    auto const save = forecast_save(saver_->space(checkpoint, options.dtype), config_->cost);
    print(describe_conversion(checkpoint, options, config_->cost, *grid_, save));
  }

  /// Collective: converts the open checkpoint, for `save.stream`.
  void convert(OpenedCheckpoint const& checkpoint) {
    if (!config_->report.trace.empty()) log().warn("report.trace: save.stream has no stages of a load");
    watchdog_->enter("save");
    auto const options = convert_options(*config_, *grid_);
    auto const saved = saver_->convert(checkpoint, options, grid_->topology().tensor_parallel, world());
    if (prints()) {
      print_saved(saved);
      warn_of_overflows(saved.overflows);
    }
    if (config_->report.json.empty()) return;
    if (config_->report.tensors) log().warn("report.tensors: save.stream has no shards in memory that could be listed");
    after_save(saved,
               [&] { write_report(world(), *config_, make_conversion_report(*grid_, checkpoint, options, saved)); });
  }

  void load(OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
    auto loaded = loader_.load(checkpoint, plan);
    if (prints()) print_loaded(checkpoint, plan, loaded);
    if (!config_->report.trace.empty()) trace_ = gather_trace(*grid_, stop_trace());
    std::optional<RedistributeTimes> moved;
    if (redistributor_) moved = redistribute(loaded.model);
    auto const make = [&] {
      if (config_->report.json.empty()) return std::string();
      watchdog_->enter("report");
      if (!moved) return make_report(*grid_, checkpoint, plan, loaded, config_->report.tensors);
      ProcessGrid const grid(world(), grid_->node(), topology_);
      auto const report = make_report(grid, checkpoint, plan, loaded, config_->report.tensors);
      if (report.empty()) return report;
      return add_to_report(report, grid_->topology(), *moved, options_->in_place, config_->load.verify);
    };
    if (saver_) return save(loaded.model, make);
    write_report(world(), *config_, make());
    write_trace(world(), *config_, trace_);
  }

  /// Collective: brings `model` into the other topology.
  RedistributeTimes redistribute(ShardedModel& model) {
    loader_.release_staging();
    auto made = options_->in_place ? redistributor_->redistribute_in_place(std::move(model), topology_)
                                   : redistributor_->redistribute(model, topology_);
    model = std::move(made.model).value();
    if (prints()) print_redistributed(topology_, made.times);
    return made.times;
  }

  /// Collective: the report has the memory and times after the load, so it is made before the save, or while a
  /// background save runs.
  template <class Make>
  void save(ShardedModel const& model, Make const& make_load_report) {
    bool const is_async = config_->save->async;
    if (is_async) {
      watchdog_->enter("save");
      loader_.release_staging();
      saver_->save_async(model, model.metadata(), world());
    }
    LoadReport const report(make_load_report);
    watchdog_->enter("save");
    if (!is_async) loader_.release_staging();
    auto const saved = or_report_load(
        report, [&] { return is_async ? saver_->wait().value() : saver_->save(model, model.metadata(), world()); });
    if (prints()) print_saved(saved);
    after_save(saved, [&] {
      auto const& text = report.text();
      write_report(world(), *config_, text.empty() ? "" : add_to_report(text, saved));
      write_trace(world(), *config_, trace_);
    });
  }

  /// Runs `step`. If it fails, the report covers the load alone, for which rank 0 needs no other rank.
  template <class Step>
  SaveResult or_report_load(LoadReport const& report, Step const& step) const {
    try {
      return step();
    } catch (Error const&) {
      report.write_if_made(*config_);
      throw;
    }
  }

  Config const* config_;
  JobOptions const* options_;
  ProcessGrid const* grid_;
  Watchdog* watchdog_;
  ProgressDisplay display_;
  std::string phase_;
  Loader loader_;
  Topology topology_ = {};  ///< after the redistribution
  std::optional<Redistributor> redistributor_;
  std::optional<Saver> saver_;
  std::string trace_;  ///< of the load, on rank 0
};

}  // namespace

void load_and_save(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, JobOptions const& options) {
  Job(config, grid, watchdog, options).run();
}

}  // namespace distload
