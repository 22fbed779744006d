// Computes with a loaded llama or a relative: mpirun -np 4 compute CHECKPOINT
#include <cinttypes>
#include <cstdio>
#include <exception>

#include <Kokkos_Core.hpp>

#include <distload/distload.hpp>

// Collective: two layers of the user's own program, bound by the names that a llama gives to them.
distload::Activations outputs_of_two_layers(distload::ShardedModel const& model, distload::ProcessGrid const& grid) {
  distload::ColumnParallelLinear const up(model, "model.layers.0.mlp.up_proj", grid.tensor());
  distload::RowParallelLinear const down(model, "model.layers.0.mlp.down_proj", grid.tensor());
  distload::Activations const x("x", 2, up.inputs());  // two tokens, the same on all ranks
  Kokkos::deep_copy(x, 1.0F);
  return down(up.local(x));
}

// Collective: loads this rank's part, and computes.
void compute(distload::MpiEnvironment& environment, char const* path) {
  auto& ranks = environment.world();
  distload::ProcessGrid const grid(ranks, environment.node(), {.tensor_parallel = ranks.size()});
  distload::Config config;
  config.checkpoint.path = path;
  distload::Loader loader(grid, config);
  auto loaded = loader.load();

  auto const y = outputs_of_two_layers(loaded.model, grid);

  // The whole model. Its hash is the same on any number of ranks, and stays after a reload of the same numbers.
  distload::ParallelModel model(loaded.model, grid);
  distload::TokenBatch const ids{1, 3, {1, 2, 3}};
  auto const expected = model.hash(ids);
  loader.reload(loaded.model);
  model.self_test(ids, expected);
  if (ranks.rank() == 0) {
    std::printf("a layer with %zu outputs, and the logits of 3 tokens have the hash %016" PRIx64 "\n", y.extent(1),
                expected);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    distload::MpiEnvironment environment;
    Kokkos::ScopeGuard const kokkos(argc, argv);
    compute(environment, argv[1]);
    return 0;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
