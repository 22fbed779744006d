// The steps of distload-infer.
#include "infer/infer_job.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <distload/base/error.hpp>
#include <distload/load/loader.hpp>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/result_file.hpp"
#include "base/scope_timer.hpp"
#include "base/standard_streams.hpp"
#include "base/text.hpp"
#include "base/wire.hpp"
#include "infer/check_activations.hpp"
#include "infer/compare.hpp"
#include "infer/infer_report.hpp"
#include "infer/npy.hpp"
#include "infer/tokens.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

using Clock = std::chrono::steady_clock;

/// Collective: the ids that rank 0 has read.
TokenBatch agreed_tokens(Communicator& world, std::string const& tokens) {
  auto const message = bytes_of_rank_0(world, "tokens", [&] {
    auto const batch = read_tokens(tokens);
    WireWriter out;
    out.put(batch.batch);
    out.put(batch.tokens);
    out.put_all(batch.ids);
    return out.take();
  });
  WireReader in(message);
  TokenBatch batch;
  batch.batch = in.get<std::uint64_t>();
  batch.tokens = in.get<std::uint64_t>();
  batch.ids = in.get_all<std::int64_t>();
  return batch;
}

/// A loaded model that computes.
struct RunningModel {
  LoadResult loaded;
  std::unique_ptr<ParallelModel> model;
};

/// Collective over the grid: loads the model, if there is memory to compute in.
/// @param warns  log what is noticed while it is loaded
RunningModel start_model(ProcessGrid const& grid, Config const& config, TokenBatch const& ids, std::uint64_t generate,
                         bool warns) {
  Loader loader(grid, static_cast<LoaderOptions const&>(config));
  auto const checkpoint = loader.open();
  if (warns) {
    for (auto const& warning : checkpoint.catalog.warnings) log().warn(warning);
    for (auto const& warning : checkpoint.layout.warnings) log().warn(warning);
  }
  auto const plan = loader.plan(checkpoint);
  all_or_throw(grid.world(), "plan", [&] { check_activations(grid, config, checkpoint, plan, ids, generate); });
  auto loaded = loader.load(checkpoint, plan);
  all_or_throw(grid.world(), "check", [&] { check_numbers(loaded.model); });
  RunningModel running{std::move(loaded), nullptr};
  running.model = std::make_unique<ParallelModel>(running.loaded.model, grid);
  return running;
}

/// The ranks of this rank's pipeline stage in the first replica.
std::vector<std::uint32_t> ranks_of_stage(ProcessGrid const& grid) {
  auto const& topology = grid.topology();
  std::vector<std::uint32_t> ranks;
  for (std::uint32_t i = 0; i < topology.tensor_parallel; ++i) {
    ranks.push_back(grid.coordinates().pipeline * topology.stage_ranks() + i);
  }
  return ranks;
}

/// One run of the program; its members are in order of creation.
class InferJob {
 public:
  InferJob(MpiEnvironment& mpi, Config const& config, InferArguments const& arguments, ProcessGrid const& grid,
           Watchdog& watchdog)
      : mpi_(&mpi), config_(&config), arguments_(&arguments), grid_(&grid), watchdog_(&watchdog) {}

  void run();

 private:
  Communicator& world() const { return grid_->world(); }
  bool prints() const { return world().rank() == 0; }
  /// Of the ranks of a stage with equal outputs, the one that reports them.
  bool reports_outputs() const { return grid_->coordinates().tensor == 0 && grid_->coordinates().data == 0; }

  void check_results() const;
  void compute();
  /// Collective: every rank of the last stage has computed the same.
  void compare_ranks();
  void generate();
  void write_outputs() const;
  void compare();
  void compare_with_one_rank(Comparer& comparer);
  void compare_with_files(Comparer& comparer) const;
  /// Local: the numbers of a file that an output is compared with; none if they have another shape.
  std::vector<float> numbers_of(HostOutput const& output, std::string const& file) const;
  void print_results() const;
  void write_report() const;
  /// Collective.
  void throw_if_different() const;

  MpiEnvironment* mpi_;
  Config const* config_;
  InferArguments const* arguments_;
  ProcessGrid const* grid_;
  Watchdog* watchdog_;
  TokenBatch ids_;
  std::optional<RunningModel> running_;
  std::vector<HostOutput> outputs_;  ///< on rank 0
  InferResults results_;             ///< on rank 0
};

void InferJob::check_results() const {
  all_or_throw(world(), "outputs", [&] {
    if (!prints()) return;
    for (auto const* const path : {&arguments_->logits, &arguments_->report}) {
      if (!path->empty()) check_result_file(*path, Probe::create_file);
    }
    auto const& against = arguments_->against;
    std::error_code error;
    if (!against.empty() && against != "one-rank" && !std::filesystem::exists(against, error)) {
      throw IoError("cannot open " + printable(against) + ", which --against names");
    }
    if (arguments_->outputs.empty()) return;
    std::filesystem::create_directories(arguments_->outputs, error);
    if (error) throw IoError("cannot make the directory " + arguments_->outputs + ": " + error.message());
    check_folder(arguments_->outputs, Probe::create_file);
  });
}

void InferJob::compute() {
  watchdog_->enter("forward");
  OutputCollector collector(ranks_of_stage(*grid_), !arguments_->outputs.empty() || !arguments_->against.empty());
  auto const begin = Clock::now();
  auto const collected = collector.sink();
  auto const sink = [&](LayerOutput const& output) {
    watchdog_->beat();
    if (reports_outputs()) collected(output);
  };
  auto const result = running_->model->forward(ids_, sink);
  results_.forward_seconds = seconds_since(begin);
  auto const numbers = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), result);
  results_.hash = xxh3_64(std::as_bytes(std::span(numbers.data(), numbers.size())));
  outputs_ = gather_outputs_of(world(), collector.outputs());
  all_or_throw(world(), "check", [&] { check_finite(outputs_); });
  compare_ranks();
}

void InferJob::compare_ranks() {
  auto& stages = grid_->pipeline();
  stages.broadcast(std::as_writable_bytes(std::span(&results_.hash, 1)), stages.size() - 1);
  std::vector<std::uint64_t> hashes(world().size());
  world().all_gather(std::as_bytes(std::span(&results_.hash, 1)), std::as_writable_bytes(std::span(hashes)));
  for (std::size_t rank = 1; rank < hashes.size(); ++rank) {
    if (hashes[rank] == hashes[0]) continue;
    throw OutputsDiffer(fmt::format("rank {} has computed other results (XXH3 {}) than rank 0 ({})", rank,
                                    format_hash(hashes[rank]), format_hash(hashes[0])));
  }
}

void InferJob::generate() {
  if (arguments_->generate == 0) return;
  watchdog_->enter("generate");
  auto const begin = Clock::now();
  results_.generated = running_->model->generate(ids_, arguments_->generate);
  results_.generate_seconds = seconds_since(begin);
}

void InferJob::write_outputs() const {
  all_or_throw(world(), "outputs", [&] {
    if (!prints()) return;
    for (auto const& output : outputs_) {
      std::vector<std::uint64_t> const shape{ids_.batch, ids_.tokens, output.width};
      auto const is_result = output.name == outputs_.back().name;
      if (is_result && !arguments_->logits.empty()) write_npy(arguments_->logits, shape, output.numbers);
      if (!arguments_->outputs.empty()) {
        write_npy(arguments_->outputs + "/" + output.name + ".npy", shape, output.numbers);
      }
    }
  });
}

void InferJob::compare_with_one_rank(Comparer& comparer) {
  auto const is_alone = world().rank() == 0;
  auto const ranks = world().split(is_alone ? 0 : 1, world().rank());
  auto const node = mpi_->node().split(is_alone ? 0 : 1, mpi_->node().rank());
  all_or_throw(world(), "one_rank", [&] {
    if (!is_alone) return;
    ProcessGrid const grid(*ranks, *node, {});
    auto config = *config_;
    config.topology = {.tensor_parallel = 1, .pipeline_layers = {}, .data_parallel = 1};
    // As the checkpoint has it, so that a mistake of fusing, splitting or transposing shows.
    config.model.fuse = {};
    config.model.split = {};
    config.load.transpose = false;
    auto const reference = start_model(grid, config, ids_, 0, /*warns=*/false);
    reference.model->forward(ids_, [&](LayerOutput const& output) {
      watchdog_->beat();
      auto const numbers = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), output.numbers);
      comparer.compare(output.name, {numbers.data(), numbers.size()});
    });
  });
}

std::vector<float> InferJob::numbers_of(HostOutput const& output, std::string const& file) const {
  auto array = read_npy<float>(file);
  std::vector<std::uint64_t> const shape{ids_.batch, ids_.tokens, output.width};
  if (array.shape != shape) return {};
  return std::move(array.numbers);
}

void InferJob::compare_with_files(Comparer& comparer) const {
  all_or_throw(world(), "reference", [&] {
    if (!prints()) return;
    auto const& path = arguments_->against;
    if (!std::filesystem::is_directory(path)) {
      comparer.compare(outputs_.back().name, numbers_of(outputs_.back(), path));
      return;
    }
    for (auto const& output : outputs_) {
      auto const file = path + "/" + output.name + ".npy";
      if (std::filesystem::exists(file)) comparer.compare(output.name, numbers_of(output, file));
    }
    if (comparer.result().compared == 0) throw NothingToCompare(path + " has no outputs of this model");
  });
}

void InferJob::compare() {
  if (arguments_->against.empty()) return;
  watchdog_->enter("compare");
  auto const with_one_rank = arguments_->against == "one-rank";
  auto const compares_bits = with_one_rank && results_.inexact.empty();
  Comparer comparer(outputs_, arguments_->against, compares_bits ? std::nullopt : std::optional(arguments_->tolerance));
  if (with_one_rank) {
    compare_with_one_rank(comparer);
  } else {
    compare_with_files(comparer);
  }
  results_.comparison = comparer.result();
}

void InferJob::print_results() const {
  if (!prints()) return;
  auto const& result = outputs_.back();
  print(fmt::format("{}: [{}, {}, {}], xxh3 {}\n", running_->model->is_decoder() ? "logits" : "last hidden state",
                    ids_.batch, ids_.tokens, result.width, format_hash(results_.hash)));
  print(describe_generated(results_.generated));
  for (auto const& layer : results_.inexact) {
    log().warn("{} is cut beside segments' borders: the last bits of its sums depend on the number of ranks", layer);
  }
  if (results_.comparison) print(describe_comparison(*results_.comparison));
}

void InferJob::write_report() const {
  if (arguments_->report.empty()) return;
  all_or_throw(world(), "report", [&] {
    if (!prints()) return;
    InferSubject const subject{grid_->topology(), running_->loaded, ids_, outputs_.back(), arguments_->logits};
    write_result_file(arguments_->report, infer_report(subject, results_));
  });
}

void InferJob::throw_if_different() const {
  WireWriter out;
  if (prints() && results_.comparison && results_.comparison->first) {
    out.put_text(describe_difference(*results_.comparison));
  }
  auto const message = broadcast_message(world(), out.take(), 0);
  if (message.empty()) return;
  throw OutputsDiffer(WireReader(message).get_text());
}

void InferJob::run() {
  watchdog_->enter("start");
  check_results();
  ids_ = agreed_tokens(world(), arguments_->tokens);
  watchdog_->enter("load");
  running_ = start_model(*grid_, *config_, ids_, arguments_->generate, prints());
  compute();
  results_.inexact = agreed_inexact_layers(*grid_, *running_->model);
  generate();
  write_outputs();
  compare();
  print_results();
  write_report();
  throw_if_different();
}

}  // namespace

void run_inference(MpiEnvironment& mpi, Config const& config, InferArguments const& arguments, ProcessGrid const& grid,
                   Watchdog& watchdog) {
  InferJob(mpi, config, arguments, grid, watchdog).run();
}

}  // namespace distload
