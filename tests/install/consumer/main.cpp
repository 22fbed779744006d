/// A program that links the installed library: loads a checkpoint onto all of its ranks and looks at one parameter.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <Kokkos_Core.hpp>

#include <distload/load/loader.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/version.hpp>

namespace {

/// Collective: the sum over this rank's part of the embedding table, which is cut over the vocabulary.
double sum_of_embeddings(distload::MpiEnvironment& mpi, char const* checkpoint) {
  distload::ProcessGrid const grid(mpi.world(), mpi.node(), {.tensor_parallel = mpi.world().size()});
  distload::Config config;
  config.checkpoint.path = checkpoint;
  distload::Loader loader(grid, config);
  auto const model = loader.load();

  auto const table = model.view<float**>("model.embed_tokens.weight");
  double sum = 0;
  Kokkos::parallel_reduce(
      "consumer::sum_of_embeddings",
      Kokkos::MDRangePolicy<Kokkos::Rank<2>>({0, 0},
                                             {static_cast<long>(table.extent(0)), static_cast<long>(table.extent(1))}),
      KOKKOS_LAMBDA(long row, long column, double& partial) { partial += table(row, column); }, sum);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: consumer CHECKPOINT\n");
    return 2;
  }
  try {
    distload::MpiEnvironment mpi;
    {
      Kokkos::ScopeGuard const kokkos(argc, argv);
      auto const sum = sum_of_embeddings(mpi, argv[1]);
      std::printf("distload %s, rank %u of %u: %.1f\n", DISTLOAD_VERSION, mpi.world().rank(), mpi.world().size(), sum);
    }
    mpi.finalize();
    return EXIT_SUCCESS;
  } catch (std::exception const& error) {
    // The same on all ranks; without MPI_Finalize, mpirun ends the job.
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
