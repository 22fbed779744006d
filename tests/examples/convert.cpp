// Writes a checkpoint as one HDF5 file for another number of ranks, without loading it:
// mpirun -np 2 convert CHECKPOINT DIRECTORY TENSOR_PARALLEL
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <Kokkos_Core.hpp>

#include <distload/distload.hpp>

namespace {

/// Collective: every rank reads and writes a part of the tensors, in pieces of bounded size. Blocks that have checksums
/// are verified on the way.
void convert(distload::MpiEnvironment& environment, char const* path, char const* directory,
             std::uint32_t tensor_parallel) {
  auto& ranks = environment.world();
  distload::ProcessGrid const grid(ranks, environment.node(), {.tensor_parallel = 1, .data_parallel = ranks.size()});
  distload::Config config;
  config.checkpoint.path = path;
  auto const checkpoint = distload::Loader(grid, config).open();
  distload::Saver saver({.directory = directory, .tensor_parallel = tensor_parallel});
  distload::ConvertOptions options;
  options.ranks_of_node = grid.node_size();
  auto const saved = saver.convert(checkpoint, options, tensor_parallel, ranks);
  if (ranks.rank() == 0) std::printf("converted to %s\n", saved.path.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: convert CHECKPOINT DIRECTORY TENSOR_PARALLEL\n");
    return 2;
  }
  try {
    distload::MpiEnvironment environment;
    Kokkos::ScopeGuard const kokkos(argc, argv);
    convert(environment, argv[1], argv[2], static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
    return 0;
  } catch (std::exception const& error) {  // the same one on all ranks
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
