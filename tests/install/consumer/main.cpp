/// A training job that links the installed library: takes up the newest checkpoint, goes on from there, and saves in
/// the background.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include <Kokkos_Core.hpp>

#include <distload/load/loader.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/save/saver.hpp>
#include <distload/version.hpp>

namespace {

/// Stands for a step of training: changes this rank's part of the embedding table, which is cut over the vocabulary.
void train(distload::ShardedModel const& model) {
  auto const table = model.view<float**>("model.embed_tokens.weight");
  Kokkos::parallel_for(
      "consumer::train",
      Kokkos::MDRangePolicy<Kokkos::Rank<2>>({0, 0},
                                             {static_cast<long>(table.extent(0)), static_cast<long>(table.extent(1))}),
      KOKKOS_LAMBDA(long row, long column) { table(row, column) += 1.0F; });
  Kokkos::fence("consumer: the model is saved next");
}

/// Collective: `steps` steps from the newest checkpoint of `run`, or, before the first one, from `model`.
void train_on(distload::MpiEnvironment& mpi, char const* model, char const* run, std::uint64_t steps) {
  distload::ProcessGrid const grid(mpi.world(), mpi.node(), {.tensor_parallel = mpi.world().size()});
  distload::Config config;
  config.checkpoint.path = std::filesystem::exists(run) ? run : model;
  auto const weights = distload::Loader(grid, config).load().model;
  distload::CheckpointMetadata metadata = weights.metadata();
  distload::Saver saver({.directory = run, .keep = 2});
  for (auto const last = metadata.step + steps; metadata.step < last;) {
    train(weights);
    ++metadata.step;
    metadata.extra["loss"] = std::to_string(1.0 / static_cast<double>(metadata.step));
    saver.save_async(weights, metadata, mpi.world());  // waits for the save before, and throws what that has met
  }
  auto const saved = saver.wait();
  if (saved && mpi.world().rank() == 0) std::printf("distload %s: saved %s\n", DISTLOAD_VERSION, saved->path.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: consumer MODEL RUN STEPS\n");
    return 2;
  }
  try {
    distload::MpiEnvironment mpi;
    {
      Kokkos::ScopeGuard const kokkos(argc, argv);
      train_on(mpi, argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
    }
    mpi.finalize();
    return EXIT_SUCCESS;
  } catch (std::exception const& error) {
    // The same on all ranks; without MPI_Finalize, mpirun ends the job.
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
