// Interleaved rounds of raw operations and of loads.
#include "bench/measure.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>

#include <distload/base/error.hpp>
#include <distload/load/loader.hpp>

#include "bench/raw_limits.hpp"
#include "bench/save_trials.hpp"
#include "bench/slowest.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// Concurrent requests of each rank in raw direct reads; with fewer than four ranks, of all ranks together.
constexpr std::uint32_t kRawDepth = 4;

class Bench {
 public:
  Bench(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options)
      : grid_(grid),
        world_(grid.world()),
        config_(config),
        options_(options),
        loader_(grid, with_engine(ReadEngine::buffered)) {
    checkpoint_ = open(loader_);
    plan_ = loader_.plan(checkpoint_);
    raw_ = all_or_throw(world_, "open", [&] {
      return std::make_unique<RawReader>(checkpoint_.stored_catalog(), world_.rank(), world_.size());
    });
    share_ = HostMemory(std::max(raw_->share_bytes(), Bytes{1}), PageSize::huge);
    add_contenders();
  }

  Measurement run() {
    run_round();  // fills the page cache and connects the ranks
    for (auto& entry : entries_) {
      entry.contender.seconds = {};
      entry.contender.metadata = {};
      entry.contender.predicted = {};
    }
    for (std::uint32_t round = 0; round < options_.rounds; ++round) run_round();

    Measurement measured;
    measured.checkpoint = checkpoint_.stored_catalog().path;
    measured.format = checkpoint_.stored_catalog().format == SourceFormat::hdf5 ? "hdf5" : "safetensors";
    measured.options = options_;
    measured.ranks = world_.size();
    measured.tensors = checkpoint_.layout.parameters.size();
    measured.read_amplification = plan_.read_amplification();
    for (auto& entry : entries_) measured.contenders.push_back(std::move(entry.contender));
    return measured;
  }

 private:
  LoaderOptions with_engine(ReadEngine engine, bool verify = true) const {
    LoaderOptions options = config_;
    options.load.engine = engine;
    options.load.verify = verify && config_.load.verify;
    return options;
  }

  /// Opens the checkpoint, with the parameters to load.
  OpenedCheckpoint open(Loader& loader) const {
    auto checkpoint = loader.open();
    if (options_.part == Part::all) return checkpoint;
    auto const kind =
        options_.part == Part::column_parallel ? PartitionKind::column_parallel : PartitionKind::row_parallel;
    std::erase_if(checkpoint.layout.parameters,
                  [&](Parameter const& parameter) { return parameter.partition.kind != kind; });
    checkpoint.layout.aliases.clear();
    if (checkpoint.layout.parameters.empty()) throw ConfigError("the model has no such parameters");
    return checkpoint;
  }

  void add(Contender contender, std::function<void(Contender&)> run) {
    entries_.push_back({std::move(contender), std::move(run)});
  }

  void add_contenders() {
    Bytes const everything = [&] {
      Bytes total = 0;
      for (auto const& file : checkpoint_.stored_catalog().files) total += file.size_bytes;
      return total;
    }();
    auto const fresh = entries_.size();
    add(bare("raw pread", everything), [this](Contender& contender) {
      time_local(contender, [&] { raw_->read(HostMemory(raw_->share_bytes(), PageSize::huge)); });
    });
    auto const in_place = entries_.size();
    add(bare("raw pread in place", everything),
        [this](Contender& contender) { time_local(contender, [&] { raw_->read(share_); }); });
    auto limit = fresh;
    if (options_.cold && raw_->can_read_directly()) {
      limit = entries_.size();
      add(bare("raw io_uring", everything),
          [this](Contender& contender) { time_local(contender, [&] { raw_->read_directly(share_, kRawDepth); }); });
    }
    if (!options_.cold) {
      add(bare("memcpy", everything), [this](Contender& contender) {
        HostMemory const copy(raw_->share_bytes(), PageSize::huge);
        std::fill_n(copy.data(), raw_->share_bytes(), std::byte{1});
        time_local(contender, [&] { std::copy_n(share_.data(), raw_->share_bytes(), copy.data()); });
      });
    }
    for (auto const engine : options_.engines) {
      add_load(limit, engine, true);
      if (config_.load.verify) add_load(limit, engine, false);
    }
    if (!options_.cold) {
      model_ = std::make_unique<ShardedModel>(loader_.load(checkpoint_, plan_).model);
      add_reload(in_place, ReadEngine::buffered, true, *model_);
      if (config_.load.verify) add_reload(in_place, ReadEngine::buffered, false, *model_);
      if (std::ranges::find(options_.engines, ReadEngine::automatic) != options_.engines.end()) {
        Loader loader(grid_, with_engine(ReadEngine::automatic));
        auto const checkpoint = open(loader);
        auto_model_ = std::make_unique<ShardedModel>(loader.load(checkpoint, loader.plan(checkpoint)).model);
        add_reload(in_place, ReadEngine::automatic, true, *auto_model_);
      }
      if (!options_.save_directory.empty()) add_saves();
    }
  }

  void add_load(std::size_t limit, ReadEngine engine, bool verify) {
    loaders_.push_back(std::make_unique<Loader>(grid_, with_engine(engine, verify)));
    add(compared_with(limit, std::string(word_of(engine)) + (verify ? "" : " unverified"), plan_.storage_read_bytes),
        [this, loader = loaders_.back().get()](Contender& contender) { time_load(contender, *loader, nullptr); });
  }

  void add_reload(std::size_t limit, ReadEngine engine, bool verify, ShardedModel& model) {
    loaders_.push_back(std::make_unique<Loader>(grid_, with_engine(engine, verify)));
    add(compared_with(limit, "reload " + std::string(word_of(engine)) + (verify ? "" : " unverified"),
                      plan_.storage_read_bytes),
        [this, loader = loaders_.back().get(), &model](Contender& contender) {
          time_load(contender, *loader, &model);
        });
  }

  void add_saves() {
    auto trials = save_trials(grid_, *model_, options_.save_directory, entries_.size());
    std::ranges::move(trials, std::back_inserter(entries_));
  }

  void run_round() {
    for (auto& entry : entries_) {
      settle_memory(std::max(raw_->share_bytes(), plan_.peak_bytes()));
      if (options_.cold) forget_files(world_, checkpoint_.stored_catalog());
      entry.run(entry.contender);
    }
  }

  template <class F>
  void time_local(Contender& contender, F const& work) {
    contender.seconds.add(time_on_all_ranks(world_, "read", work));
  }

  /// @param model  is loaded into again; nullptr: a new model is created
  void time_load(Contender& contender, Loader& loader, ShardedModel* model) {
    auto const checkpoint = open(loader);
    auto const plan = model != nullptr ? loader.plan(checkpoint, *model) : loader.plan(checkpoint);
    if (model == nullptr) loader.release_staging();  // a first load includes the allocation of staging memory
    world_.barrier();
    auto const start = std::chrono::steady_clock::now();
    if (model != nullptr) {
      loader.reload(*model, checkpoint, plan);
      contender.seconds.add(slowest_seconds(world_, start));
    } else {
      auto const made = loader.load(checkpoint, plan);
      contender.seconds.add(slowest_seconds(world_, start));
    }
    contender.metadata.add(checkpoint.open_seconds);
    contender.predicted.add(plan.predicted.total_seconds);
    contender.engine = word_of(plan.engine.name);
    contender.reason = plan.engine.reason;
  }

  ProcessGrid const& grid_;
  Communicator& world_;
  LoaderOptions config_;
  MeasureOptions options_;
  Loader loader_;
  OpenedCheckpoint checkpoint_;
  LoadPlan plan_;
  std::unique_ptr<RawReader> raw_;
  HostMemory share_;  ///< memory that was touched before
  std::vector<std::unique_ptr<Loader>> loaders_;
  std::unique_ptr<ShardedModel> model_;       ///< a copy in private memory
  std::unique_ptr<ShardedModel> auto_model_;  ///< the model that `auto` creates
  std::vector<Trial> entries_;
};

}  // namespace

Contender bare(std::string name, Bytes nbytes) {
  Contender contender;
  contender.name = std::move(name);
  contender.nbytes = nbytes;
  return contender;
}

Contender compared_with(std::size_t limit, std::string name, Bytes nbytes) {
  auto contender = bare(std::move(name), nbytes);
  contender.limit = limit;
  return contender;
}

std::string_view name_of(Part part) noexcept {
  switch (part) {
    case Part::all: return "all";
    case Part::column_parallel: return "column_parallel";
    case Part::row_parallel: return "row_parallel";
  }
  return "";
}

double share_of_limit(Measurement const& measured, Contender const& contender) {
  auto const& limit = measured.contenders[contender.limit.value()];
  Samples ratios;
  for (std::size_t round = 0; round < limit.seconds.all().size(); ++round) {
    auto const of_limit = static_cast<double>(limit.nbytes) / limit.seconds.all()[round];
    auto const own = static_cast<double>(contender.nbytes) / contender.seconds.all()[round];
    ratios.add(own / of_limit);
  }
  return ratios.median();
}

void forget_files(Communicator& world, Catalog const& catalog) {
  all_or_throw(world, "open", [&] {
    if (world.rank() != 0) return;
    for (auto const& file : catalog.files) InputFile(file.path).forget_cached();
  });
}

Measurement measure(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options) {
  return Bench(grid, config, options).run();
}

}  // namespace distload
