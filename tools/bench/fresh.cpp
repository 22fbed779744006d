// Rounds of fresh processes.
#include "bench/fresh.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <mpi.h>

#include "bench/sample.hpp"
#include "bench/trials.hpp"
#include "io/engines/direct_engine.hpp"
#include "parallel/failure.hpp"
#include "parallel/mpi_check.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

/// Collective: runs `work` on rank 0, while the other ranks sleep.
/// @throws the exception of `work`, on all ranks.
template <class F>
void on_rank_0(Communicator& world, F const& work) {
  constexpr std::chrono::milliseconds kPause{50};
  std::optional<Failure> failure;
  if (world.rank() == 0) {
    try {
      work();
    } catch (...) {
      failure = current_failure("measure");
    }
  }
  MPI_Request everyone = MPI_REQUEST_NULL;
  DISTLOAD_MPI(MPI_Ibarrier(native_mpi(world), &everyone));
  for (int came = 0; came == 0;) {
    DISTLOAD_MPI(MPI_Test(&everyone, &came, MPI_STATUS_IGNORE));
    if (came == 0) std::this_thread::sleep_for(kPause);
  }
  if (auto const agreed = agree_on_failure(world, failure)) throw_error(agreed->code, agreed->message);
}

/// The order of a round. It differs from round to round, since memory that the processes before have just freed is
/// faster to get again than memory that has been idle for longer.
std::vector<std::size_t> order_of(std::uint32_t round, std::size_t contenders) {
  std::vector<std::size_t> order(contenders);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 random(round);
  std::ranges::shuffle(order, random);
  return order;
}

}  // namespace

Measurement measure_in_fresh_processes(ProcessGrid const& grid, LoaderOptions const& config,
                                       MeasureOptions const& options, Catalog const& catalog,
                                       std::optional<Launcher> const& launcher) {
  auto& world = grid.world();
  Measurement measured{.checkpoint = catalog.path,
                       .format = catalog.format == SourceFormat::hdf5 ? "hdf5" : "safetensors",
                       .options = options,
                       .ranks = world.size(),
                       .contenders = {}};
  Trials trials(grid, config, options);
  for (auto& trial : trials.all(!why_not_direct(catalog))) measured.contenders.push_back(std::move(trial.contender));
  if (!options.cold) read_files(grid, catalog);
  on_rank_0(world, [&] {
    for (std::uint32_t round = 0; round < options.rounds; ++round) {
      for (auto const number : order_of(round, measured.contenders.size())) {
        auto& contender = measured.contenders[number];
        if (options.cold) forget_files(catalog);
        add_sample(contender, launcher.value().run(sample_arguments(config, options, contender.name)), world.size());
      }
    }
  });
  return measured;
}

}  // namespace distload
