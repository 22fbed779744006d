// Rounds in one group of processes.
#include "bench/repeat.hpp"

#include <utility>

#include "bench/trials.hpp"
#include "io/engines/direct_engine.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {

Measurement measure_repeatedly(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options) {
  auto& world = grid.world();
  Trials trials(grid, config, options);
  auto const& catalog = trials.catalog();
  auto const directly = all_or_throw(world, "open", [&] { return !why_not_direct(catalog); });
  auto all = trials.all(directly);
  for (auto const& trial : all) trial.prepare();
  auto const run_round = [&] {
    for (auto& trial : all) {
      trials.settle();
      if (options.cold) forget_files(world, catalog);
      trial.run(trial.contender);
    }
  };
  run_round();  // fills the page cache and connects the ranks
  for (auto& trial : all) trial.contender.forget_samples();
  for (std::uint32_t round = 0; round < options.rounds; ++round) run_round();

  Measurement measured{.checkpoint = catalog.path,
                       .format = catalog.format == SourceFormat::hdf5 ? "hdf5" : "safetensors",
                       .options = options,
                       .ranks = world.size(),
                       .contenders = {}};
  for (auto& trial : all) measured.contenders.push_back(std::move(trial.contender));
  return measured;
}

}  // namespace distload
