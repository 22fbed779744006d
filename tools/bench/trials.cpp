// Runs raw operations and loads.
#include "bench/trials.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>

#include <distload/base/error.hpp>

#include "bench/save_trials.hpp"
#include "bench/slowest.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

constexpr Bytes kFillBytes = 16 * kMiB;

Bytes file_bytes(Catalog const& catalog) {
  Bytes total = 0;
  for (auto const& file : catalog.files) total += file.size_bytes;
  return total;
}

std::string engine_name(ReadEngine engine, bool verify) {
  return std::string(word_of(engine)) + (verify ? "" : " unverified");
}

/// What a plan says of a load.
void note(Contender& contender, OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
  contender.nbytes = plan.storage_read_bytes;
  contender.metadata.add(checkpoint.open_seconds);
  contender.predicted.add(plan.predicted.total_seconds);
  contender.engine = word_of(plan.engine.name);
  contender.reason = plan.engine.reason;
  contender.read_amplification = plan.read_amplification();
  contender.tensors = checkpoint.layout.parameters.size();
}

}  // namespace

Trials::Trials(ProcessGrid const& grid, LoaderOptions config, MeasureOptions options)
    : grid_(grid), world_(grid.world()), config_(std::move(config)), options_(std::move(options)) {}

std::vector<Trial> Trials::all(bool directly) {
  add_raw_reads(directly && options_.cold);
  if (!options_.cold) add_memcpy();
  for (auto const engine : options_.engines) {
    add_load(engine, true);
    if (config_.load.verify) add_load(engine, false);
  }
  if (!options_.cold && options_.reloads) {
    add_reload(ReadEngine::buffered, true);
    if (config_.load.verify) add_reload(ReadEngine::buffered, false);
    if (std::ranges::find(options_.engines, ReadEngine::automatic) != options_.engines.end())
      add_reload(ReadEngine::automatic, true);
  }
  if (!options_.cold && !options_.save_directory.empty()) add_saves();
  return std::exchange(trials_, {});
}

void Trials::settle() {
  prepare_raw();
  if (peak_bytes_ == 0) {
    Loader loader(grid_, with_engine(ReadEngine::buffered));
    peak_bytes_ = loader.plan(open(loader)).peak_bytes();
  }
  settle_memory(std::max(raw_->share_bytes(), peak_bytes_));
}

Catalog const& Trials::catalog() {
  if (!checkpoint_) {
    Loader loader(grid_, with_engine(ReadEngine::buffered));
    checkpoint_ = open(loader);
  }
  return checkpoint_->stored_catalog();
}

LoaderOptions Trials::with_engine(ReadEngine engine, bool verify) const {
  LoaderOptions options = config_;
  options.load.engine = engine;
  options.load.verify = verify && config_.load.verify;
  return options;
}

/// Opens the checkpoint, with the parameters to load.
OpenedCheckpoint Trials::open(Loader& loader) const {
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

void Trials::add(Contender contender, std::function<void()> prepare, std::function<void(Contender&)> run) {
  trials_.push_back({std::move(contender), std::move(prepare), std::move(run)});
}

void Trials::add_raw_reads(bool directly) {
  load_limits_ =
      add_reads_into_new_pages("raw pread", [](RawReader const& raw, HostMemory const& memory) { raw.read(memory); });
  in_place_ = trials_.size();
  add(
      bare("raw pread in place"),
      [this] {
        prepare_raw();
        if (share_.data() == nullptr) share_ = touched_memory(raw_->share_bytes());
      },
      [this](Contender& contender) { time_raw(contender, [&] { raw_->read(share_); }); });
  if (!directly) return;
  add_reads_into_new_pages("raw io_uring", [](RawReader const& raw, HostMemory const& memory) {
    raw.read_directly_in_place(memory, kRawDepth);
  });
  load_limits_ = {trials_.size()};
  add(
      bare("raw io_uring"),
      [this] {
        prepare_raw();
        buffers_ = touched_memory(direct_buffer_bytes(kRawDepth));
      },
      [this](Contender& contender) { time_raw(contender, [&] { raw_->read_directly(buffers_, kRawDepth); }); });
}

std::vector<std::size_t> Trials::add_reads_into_new_pages(
    std::string const& name, std::function<void(RawReader const&, HostMemory const&)> read) {
  std::vector<std::size_t> added;
  for (auto const pages : {PageSize::small, PageSize::huge}) {
    added.push_back(trials_.size());
    add(
        bare(name + (pages == PageSize::huge ? ", huge pages" : ", 4 KiB pages")), [this] { prepare_raw(); },
        [this, pages, read](Contender& contender) {
          HostMemory memory;  // freed after the time is taken
          time_raw(contender, [&] {
            memory = HostMemory(raw_->share_bytes(), pages);
            read(*raw_, memory);
          });
        });
  }
  return added;
}

void Trials::add_memcpy() {
  add(
      bare("memcpy"),
      [this] {
        prepare_raw();
        if (share_.data() == nullptr) share_ = touched_memory(raw_->share_bytes());
        copy_ = touched_memory(raw_->share_bytes());
      },
      [this](Contender& contender) {
        time_raw(contender, [&] { std::copy_n(share_.data(), raw_->share_bytes(), copy_.data()); });
      });
}

void Trials::add_load(ReadEngine engine, bool verify) {
  loaders_.push_back(std::make_unique<Loader>(grid_, with_engine(engine, verify)));
  add(
      compared_with(load_limits_, engine_name(engine, verify)), [] {},
      [this, loader = loaders_.back().get()](Contender& contender) { time_load(contender, *loader); });
}

void Trials::add_reload(ReadEngine engine, bool verify) {
  loaders_.push_back(std::make_unique<Loader>(grid_, with_engine(engine, verify)));
  auto* const loader = loaders_.back().get();
  add(
      compared_with({in_place_}, "reload " + engine_name(engine, verify)), [=, this] { model(engine, *loader); },
      [=, this](Contender& contender) { time_reload(contender, *loader, model(engine, *loader)); });
}

void Trials::add_saves() {
  loaders_.push_back(std::make_unique<Loader>(grid_, with_engine(ReadEngine::buffered)));
  auto const load = [this, loader = loaders_.back().get()]() -> ShardedModel& {
    return model(ReadEngine::buffered, *loader);
  };
  auto saves = save_trials(grid_, load, options_.save_directory, trials_.size());
  std::ranges::move(saves, std::back_inserter(trials_));
}

/// Opens the files, as a load has them open before it reads.
void Trials::prepare_raw() {
  if (raw_) return;
  auto const& files = catalog();
  raw_ = all_or_throw(world_, "open", [&] { return std::make_unique<RawReader>(files, world_.rank(), world_.size()); });
}

ShardedModel& Trials::model(ReadEngine engine, Loader& loader) {
  auto& model = engine == ReadEngine::automatic ? auto_model_ : private_model_;
  if (!model) {
    auto const checkpoint = open(loader);
    model = std::make_unique<ShardedModel>(loader.load(checkpoint, loader.plan(checkpoint)).model);
  }
  return *model;
}

template <class F>
void Trials::time_raw(Contender& contender, F const& work) {
  contender.nbytes = file_bytes(catalog());
  contender.seconds.add(time_on_all_ranks(world_, "read", work));
}

template <class Plan, class Run>
void Trials::time_steps(Contender& contender, Loader& loader, Plan const& make_plan, Run const& run) {
  world_.barrier();
  auto const start = std::chrono::steady_clock::now();
  auto const checkpoint = open(loader);
  auto const plan = make_plan(checkpoint);
  world_.barrier();
  auto const read_start = std::chrono::steady_clock::now();
  auto const result = run(checkpoint, plan);  // freed after the time is taken
  contender.seconds.add(slowest_seconds(world_, read_start));
  contender.whole.add(slowest_seconds(world_, start));
  note(contender, checkpoint, plan);
}

void Trials::time_load(Contender& contender, Loader& loader) {
  loader.release_staging();  // a first load includes the allocation of staging memory
  time_steps(
      contender, loader, [&](OpenedCheckpoint const& checkpoint) { return loader.plan(checkpoint); },
      [&](OpenedCheckpoint const& checkpoint, LoadPlan const& plan) { return loader.load(checkpoint, plan); });
}

void Trials::time_reload(Contender& contender, Loader& loader, ShardedModel& model) {
  time_steps(
      contender, loader, [&](OpenedCheckpoint const& checkpoint) { return loader.plan(checkpoint, model); },
      [&](OpenedCheckpoint const& checkpoint, LoadPlan const& plan) { return loader.reload(model, checkpoint, plan); });
}

void forget_files(Communicator& world, Catalog const& catalog) {
  all_or_throw(world, "open", [&] {
    if (world.rank() == 0) forget_files(catalog);
  });
}

void read_files(ProcessGrid const& grid, Catalog const& catalog) {
  all_or_throw(grid.world(), "read", [&] {
    if (grid.node_rank() != 0) return;
    HostMemory const buffer(kFillBytes, PageSize::small);
    for (auto const& file : catalog.files) {
      InputFile const input(file.path);
      for (Bytes begin = 0; begin < file.size_bytes; begin += kFillBytes)
        input.read_at(begin, {buffer.data(), std::min(kFillBytes, file.size_bytes - begin)});
    }
  });
}

}  // namespace distload
