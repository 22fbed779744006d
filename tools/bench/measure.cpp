// Interleaved rounds of raw reading and loading.
#include "bench/measure.hpp"

#include <chrono>

#include <distload/load/loader.hpp>

#include "bench/raw_read.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// Collective: seconds since `start` on the slowest rank.
double slowest(Communicator& ranks, std::chrono::steady_clock::time_point start) {
  std::vector<double> seconds{std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  ranks.all_reduce(std::span<double>(seconds), Reduction::max);
  return seconds.front();
}

void time_raw(Communicator& world, RawReader const& reader, LoadPlan const& plan, Contender& raw) {
  world.barrier();
  auto const start = std::chrono::steady_clock::now();
  all_or_throw(world, "read", [&] { reader.read(plan); });
  raw.read.add(slowest(world, start));
}

void time_load(Communicator& world, Loader& loader, Contender& contender) {
  world.barrier();
  auto const start = std::chrono::steady_clock::now();
  auto const checkpoint = loader.open();
  auto const plan = loader.plan(checkpoint);
  world.barrier();
  auto const planned = std::chrono::steady_clock::now();
  auto const model = loader.load(checkpoint, plan);
  contender.read.add(slowest(world, planned));
  contender.whole.add(slowest(world, start));
  contender.metadata.add(loader.times().open_seconds);
}

}  // namespace

Measurement measure(ProcessGrid const& grid, Config const& config, std::vector<std::string> const& engines,
                    std::uint32_t rounds) {
  auto& world = grid.world();
  std::vector<std::unique_ptr<Loader>> loaders;
  std::vector<Contender> contenders{{"raw pread", {}, {}, {}}};
  for (auto const& engine : engines) {
    auto with_engine = config;
    with_engine.load.engine = engine;
    loaders.push_back(std::make_unique<Loader>(grid, with_engine));
    contenders.push_back({engine, {}, {}, {}});
  }
  auto const checkpoint = loaders.front()->open();
  auto const plan = loaders.front()->plan(checkpoint);
  auto const reader = all_or_throw(world, "open", [&] { return RawReader(checkpoint.catalog); });

  auto const play_round = [&](std::vector<Contender>& into) {
    time_raw(world, reader, plan, into.front());
    for (std::size_t i = 0; i < loaders.size(); ++i) time_load(world, *loaders[i], into[i + 1]);
  };
  auto uncounted = contenders;  // the round that fills the page cache and connects the ranks
  play_round(uncounted);
  for (std::uint32_t round = 0; round < rounds; ++round) play_round(contenders);
  return {plan.storage_read_bytes, checkpoint.catalog.tensors.size(), plan.read_amplification(), std::move(contenders)};
}

}  // namespace distload
