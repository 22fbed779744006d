// Loads checkpoints with every engine, and writes the report of each load and what the system counts of its reads.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <Kokkos_Core.hpp>
#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>
#include <distload/load/loader.hpp>
#include <distload/load/report.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "base/json.hpp"
#include "parallel/all_or_throw.hpp"

namespace {

using namespace distload;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Removes a checkpoint's files from the page cache, so that the system has to read them.
void evict(fs::path const& checkpoint) {
  for (auto const& entry :
       fs::directory_iterator(fs::is_directory(checkpoint) ? checkpoint : checkpoint.parent_path())) {
    int const file = ::open(entry.path().c_str(), O_RDONLY);
    if (file < 0) continue;
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

/// What the system has counted of this process's reads: bytes of calls (rchar) and of the device (read_bytes).
Json counts_now() {
  Json counts = Json::object();
  std::ifstream io("/proc/self/io");
  std::string key;
  for (std::uint64_t value = 0; io >> key >> value;) counts[key.substr(0, key.size() - 1)] = value;
  return counts;
}

/// Writes OUT.json, the load's report, and OUT.io.json, the counts of every rank.
void load_and_report(ProcessGrid const& grid, Config const& config, fs::path const& out) {
  auto& world = grid.world();
  world.barrier();
  evict(config.checkpoint.path);
  world.barrier();
  Json counts{{"rank", grid.rank()}, {"host", grid.host_name()}};
  counts["before"] = counts_now();
  Loader loader(grid, config);
  auto const checkpoint = loader.open();
  auto const plan = loader.plan(checkpoint);
  auto const loaded = loader.load(checkpoint, plan);
  counts["loaded"] = counts_now();
  auto const report = make_report(grid, checkpoint, plan, loaded, true);  // uses every byte of the shards
  counts["used"] = counts_now();
  auto const text = json_text(counts);
  auto const all = gather_messages(world, std::as_bytes(std::span(text)), 0);
  if (grid.rank() != 0) return;
  std::ofstream(out.string() + ".json") << report;
  std::ofstream io(out.string() + ".io.json");
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    io << (rank == 0 ? "[" : ",\n")
       << std::string_view(reinterpret_cast<char const*>(all[rank].data()), all[rank].size());
  }
  io << "]\n";
}

}  // namespace

// OUT TENSOR PIPELINE DATA CHECKPOINT...: writes OUT/<name of CHECKPOINT>-<engine>.json.
int main(int argc, char** argv) {
  if (argc < 6) return 2;
  MpiEnvironment mpi;
  try {
    Kokkos::ScopeGuard const kokkos(Kokkos::InitializationSettings().set_num_threads(1));
    auto const number = [&](int index) { return static_cast<std::uint32_t>(std::atoi(argv[index])); };
    Topology const topology{.tensor_parallel = number(2), .pipeline_parallel = number(3), .data_parallel = number(4)};
    ProcessGrid const grid(mpi.world(), mpi.node(), topology);
    for (int path = 5; path < argc; ++path) {
      for (auto const engine : {ReadEngine::automatic, ReadEngine::mmap, ReadEngine::direct, ReadEngine::buffered,
                                ReadEngine::collective}) {
        Config config;
        config.checkpoint.path = argv[path];
        config.load.engine = engine;
        auto const name = fs::path(argv[path]).stem().string() + "-" + std::string(word_of(engine));
        load_and_report(grid, config, fs::path(argv[1]) / name);
      }
    }
  } catch (Error const& error) {
    std::fprintf(stderr, "distload: error: %s\n", error.what());
    std::_Exit(static_cast<int>(error.code()));
  }
  mpi.finalize();
  return 0;
}
