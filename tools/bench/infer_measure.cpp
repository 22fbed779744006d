// Loads a model and takes the times in turns.
#include "bench/infer_measure.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <Kokkos_Core.hpp>

#include <distload/infer/parallel_model.hpp>
#include <distload/load/loader.hpp>

#include "bench/model_matrices.hpp"
#include "bench/slowest.hpp"
#include "layers/group_messages.hpp"
#include "layers/row_parallel_matrix.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

constexpr std::uint32_t kSumsOfRound = 16;

/// Collective: adds the seconds of the slowest rank for one of `times` calls of the collective or local `work`.
void take(Communicator& world, Samples& samples, std::uint32_t times, std::function<void()> const& work) {
  world.barrier();
  auto const start = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < times; ++i) work();
  Kokkos::fence("distload: what is measured is complete");
  samples.add(slowest_seconds(world, start) / times);
}

Activations some_activations(std::uint64_t tokens, std::uint64_t width) {
  auto const x = new_activations(tokens, width, "distload::measured");
  Kokkos::deep_copy(x, 0.5F);
  return x;
}

/// Runs measurements on a loaded model.
class InferBench {
 public:
  InferBench(ProcessGrid const& grid, ShardedModel const& model, InferOptions const& options)
      : grid_(&grid),
        model_(&model),
        matrices_(all_or_throw(grid.world(), "matrices", [&] { return matrices_of(model); })) {
    figures_.options = options;
    figures_.ranks = grid.world().size();
    figures_.threads = static_cast<std::uint32_t>(Kokkos::DefaultExecutionSpace().concurrency());
    figures_.layers = matrices_.layers;
    figures_.matrix_parameters = matrices_.parameters();
    std::vector<std::uint64_t> bytes{matrices_.local_bytes()};
    grid.world().all_reduce(std::span(bytes), Reduction::sum);
    figures_.step_bytes = bytes.front();
  }

  void measure_model();
  void measure_products();
  void measure_sums();

  InferFigures take_figures() { return std::move(figures_); }

 private:
  Communicator& world() const { return grid_->world(); }
  /// Calls `round` once more than is counted: `samples`, which it adds to, lose the first sample.
  void play(std::initializer_list<Samples*> samples, std::function<void()> const& round) const {
    round();
    for (auto* const each : samples) *each = {};
    for (std::uint32_t i = 0; i < figures_.options.rounds; ++i) round();
  }
  /// Collective: the product with a matrix of that shape, without the sum over ranks.
  void measure_product(ProductFigures& figures, ModelMatrix const& matrix);
  /// Collective: the sum of the results of `matrix`.
  void measure_sum(std::string const& name, RowParallelMatrix const& matrix, std::uint64_t tokens);

  ProcessGrid const* grid_;
  ShardedModel const* model_;
  ModelMatrices matrices_;
  InferFigures figures_;
};

void InferBench::measure_model() {
  ParallelModel model(*model_, *grid_);
  TokenBatch const one{1, 1, {0}};
  TokenBatch const many{1, figures_.options.tokens, std::vector<std::int64_t>(figures_.options.tokens, 1)};
  auto const steps = figures_.options.steps;
  std::uint64_t sum = 0;
  play({&figures_.step, &figures_.memory, &figures_.prefill}, [&] {
    take(world(), figures_.memory, 2, [&] { sum += read_all(*model_, matrices_); });
    Samples all_steps;
    take(world(), all_steps, 1, [&] { model.generate(one, steps); });
    figures_.step.add(all_steps.median() / static_cast<double>(steps));
    take(world(), figures_.memory, 2, [&] { sum += read_all(*model_, matrices_); });
    take(world(), figures_.prefill, 1, [&] { model.forward(many); });
  });
  // The compiler must not leave the reads out.
  all_or_throw(world(), "measure", [&] {
    if (sum == 0) throw CorruptData("all weights are zero");
  });
}

void InferBench::measure_product(ProductFigures& figures, ModelMatrix const& matrix) {
  auto const& name = matrix.shard->name;
  LinearPart const part{.weight = name, .bias = ""};
  auto const tokens = figures_.options.tokens;
  auto const is_cut_along_inputs = matrix.shard->partition.kind == PartitionKind::row_parallel;
  std::function<void()> product;
  std::function<void()> of_one_segment;
  all_or_throw(world(), "bind", [&] {
    if (is_cut_along_inputs) {
      auto const bound = std::make_shared<RowParallelMatrix>(*model_, part, matrix.segments, grid_->tensor());
      auto const x = some_activations(tokens, bound->inputs().size());
      product = [bound, x] { bound->sums(x); };
      of_one_segment = [bound, x] { bound->matrix().sums(x, {{0, x.extent(1)}, {{0, 1}}}); };
      figures.outputs = bound->matrix().global_outputs();
      figures.inputs = bound->matrix().global_inputs();
    } else {
      auto const bound = std::make_shared<LinearMatrix>(*model_, part);
      product = [bound, x = some_activations(tokens, bound->inputs())] { bound->product(x); };
      figures.outputs = bound->global_outputs();
      figures.inputs = bound->global_inputs();
    }
  });
  play({&figures.seconds, &figures.one_segment}, [&] {
    take(world(), figures.seconds, 1, product);
    if (of_one_segment) take(world(), figures.one_segment, 1, of_one_segment);
  });
}

void InferBench::measure_products() {
  for (auto const& matrix : matrices_.all) {
    auto const is_like = [&](ProductFigures const& other) {
      auto const* const shard = model_->find(other.name);
      return shard->global_shape == matrix.shard->global_shape && shard->partition.kind == matrix.shard->partition.kind;
    };
    auto const found = std::ranges::find_if(figures_.products, is_like);
    if (found != figures_.products.end()) {
      ++found->count;
      continue;
    }
    ProductFigures figures;
    figures.name = matrix.shard->name;
    figures.count = 1;
    measure_product(figures, matrix);
    figures_.products.push_back(std::move(figures));
  }
}

void InferBench::measure_sum(std::string const& name, RowParallelMatrix const& matrix, std::uint64_t tokens) {
  auto const result = some_activations(tokens, matrix.matrix().outputs());
  Sums const sums("distload::measured", matrix.local_nodes(), result.extent(0), result.extent(1));
  SumFigures figures;
  figures.name = name;
  figures.tokens = tokens;
  figures.nodes = matrix.local_nodes();
  play({&figures.exact, &figures.all_reduce}, [&] {
    take(world(), figures.exact, kSumsOfRound, [&] { matrix.total(sums); });
    take(world(), figures.all_reduce, kSumsOfRound,
         [&] { add_over(grid_->tensor(), std::span(result.data(), result.size())); });
  });
  figures_.sums.push_back(std::move(figures));
}

void InferBench::measure_sums() {
  auto const bound = [&](std::string const& name, std::optional<std::uint32_t> segments) {
    return all_or_throw(world(), "bind", [&] {
      return std::make_unique<RowParallelMatrix>(*model_, linear_part(*model_, name), segments, grid_->tensor());
    });
  };
  auto const attention = bound(matrices_.attention_output, matrices_.attention_heads);
  auto const mlp = bound(matrices_.mlp_down, std::nullopt);
  for (auto const tokens : {std::uint64_t{1}, figures_.options.tokens}) {
    measure_sum(matrices_.attention_output, *attention, tokens);
    measure_sum(matrices_.mlp_down, *mlp, tokens);
  }
}

}  // namespace

double InferFigures::prefill_flops() const noexcept {
  return 2.0 * static_cast<double>(matrix_parameters) * static_cast<double>(options.tokens);
}

InferFigures measure_inference(ProcessGrid const& grid, LoaderOptions config, InferOptions const& options) {
  // Mapped files would be read from the page cache, in its pages.
  config.load.engine = ReadEngine::buffered;
  auto const loaded = Loader(grid, std::move(config)).load();
  InferBench bench(grid, loaded.model, options);
  bench.measure_model();
  bench.measure_products();
  bench.measure_sums();
  return bench.take_figures();
}

}  // namespace distload
