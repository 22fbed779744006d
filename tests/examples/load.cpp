// Loads a checkpoint, cut over all ranks of the job: mpirun -np 4 load CHECKPOINT
#include <cstdio>
#include <exception>

#include <Kokkos_Core.hpp>

#include <distload/distload.hpp>

// Collective: loads this rank's part, and lists what rank 0 holds.
void load(distload::MpiEnvironment& environment, char const* path) {
  auto& ranks = environment.world();
  distload::ProcessGrid const grid(ranks, environment.node(), {.tensor_parallel = ranks.size()});
  distload::Config config;
  config.checkpoint.path = path;  // a Hugging Face directory, an HDF5 file, or a directory of saved steps
  distload::ShardedModel const model = distload::Loader(grid, config).load().model;
  if (ranks.rank() != 0) return;
  for (distload::Shard const& shard : model.shards()) {
    auto const bytes = model.bytes(shard);  // a Kokkos view; or model.view<float**>(shard.name) of a float32 matrix
    std::printf("%s: %s of %s, %zu bytes\n", shard.name.c_str(), to_string(shard.shape).c_str(),
                to_string(shard.global_shape).c_str(), bytes.size());
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    distload::MpiEnvironment environment;
    Kokkos::ScopeGuard const kokkos(argc, argv);
    load(environment, argv[1]);
    return 0;
  } catch (std::exception const& error) {  // the same one on all ranks
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
