// A training job: takes up the newest checkpoint, goes on from there, and saves in the background:
// mpirun -np 4 train_and_save MODEL RUN STEPS
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <Kokkos_Core.hpp>

#include <distload/distload.hpp>

namespace {

/// Stands for a step of training: changes this rank's part of the embedding table, which is cut over the vocabulary.
void train(distload::ShardedModel const& model) {
  auto const table = model.view<float**>("model.embed_tokens.weight");
  Kokkos::parallel_for(
      "train_and_save::train",
      Kokkos::MDRangePolicy<Kokkos::Rank<2>>({0, 0},
                                             {static_cast<long>(table.extent(0)), static_cast<long>(table.extent(1))}),
      KOKKOS_LAMBDA(long row, long column) { table(row, column) += 1.0F; });
  Kokkos::fence("train_and_save: the model is saved next");
}

/// Collective: the newest checkpoint of `run`; `model` if there is none yet, e.g. because the first save was
/// interrupted.
distload::ShardedModel load_newest(distload::ProcessGrid const& grid, char const* model, char const* run) {
  distload::Config config;
  config.checkpoint.path = run;
  try {
    return distload::Loader(grid, config).load().model;
  } catch (distload::NoValidCheckpoint const&) {  // on all ranks
    config.checkpoint.path = model;
    return distload::Loader(grid, config).load().model;
  }
}

/// Collective: `steps` steps from the newest checkpoint of `run`, or, before the first one, from `model`.
void train_on(distload::MpiEnvironment& environment, char const* model, char const* run, std::uint64_t steps) {
  // Ends the job with one message and exit code 7 if a load or a save makes no progress for 5 minutes.
  distload::Watchdog const watchdog(environment, std::chrono::minutes(5));
  auto& ranks = environment.world();
  distload::ProcessGrid const grid(ranks, environment.node(), {.tensor_parallel = ranks.size()});
  auto const weights = load_newest(grid, model, run);
  distload::CheckpointMetadata metadata = weights.metadata();
  distload::Saver saver({.directory = run, .keep = 2});
  for (auto const last = metadata.step + steps; metadata.step < last;) {
    train(weights);
    ++metadata.step;
    metadata.extra["loss"] = std::to_string(1.0 / static_cast<double>(metadata.step));
    saver.save_async(weights, metadata, ranks);  // waits for the save before, and throws what that has met
  }
  auto const saved = saver.wait();
  if (saved && ranks.rank() == 0) std::printf("distload %s: saved %s\n", DISTLOAD_VERSION, saved->path.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: train_and_save MODEL RUN STEPS\n");
    return 2;
  }
  try {
    distload::MpiEnvironment environment;
    Kokkos::ScopeGuard const kokkos(argc, argv);
    train_on(environment, argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
    return EXIT_SUCCESS;
  } catch (std::exception const& error) {  // the same one on all ranks
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
