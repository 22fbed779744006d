// Redistributions and copies in turns.
#include "bench/redistribute_measure.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>
#include <distload/load/loader.hpp>

#include "base/hash.hpp"
#include "base/host_memory.hpp"
#include "base/process_memory.hpp"
#include "bench/raw_limits.hpp"
#include "bench/slowest.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/on_all.hpp"

namespace distload {
namespace {

/// This rank's part of a model; nothing on ranks that have none.
using Held = std::optional<ShardedModel>;

/// Collective: the model on the first `ranks` ranks, in memory of their own.
Held load_onto(std::uint32_t ranks, ProcessGrid const& grid, LoaderOptions const& config) {
  auto& world = grid.world();
  bool const is_in = world.rank() < ranks;
  auto const group = world.split(is_in ? 0 : 1, world.rank());
  auto const node = grid.node().split(is_in ? 0 : 1, world.rank());
  if (!is_in) return std::nullopt;
  ProcessGrid const part(*group, *node, {ranks, 1, 1});
  return std::move(Loader(part, config).load().model);
}

std::vector<std::uint64_t> hashes_of(Held const& model) {
  std::vector<std::uint64_t> hashes;
  if (!model) return hashes;
  for (auto const& shard : model->shards()) {
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model->bytes(shard));
    hashes.push_back(xxh3_64({host.data(), host.size()}));
  }
  return hashes;
}

Bytes shard_bytes(Held const& model) {
  Bytes nbytes = 0;
  if (!model) return nbytes;
  for (auto const& shard : model->shards()) nbytes += shard.nbytes;
  return nbytes;
}

/// Collective: seconds of memcpy of `nbytes` of this rank into new memory.
double copy_seconds(Communicator& world, Bytes nbytes, PageSize pages) {
  auto const source = touched_memory(nbytes);
  std::optional<HostMemory> target;
  return time_on_all_ranks(world, "measure", [&] {
    if (nbytes == 0) return;
    target.emplace(nbytes, pages);
    std::memcpy(target->data(), source.data(), nbytes);
  });
}

Bytes reduced(Communicator& world, Bytes own, Reduction reduction) {
  std::vector<std::uint64_t> all{own};
  world.all_reduce(std::span<std::uint64_t>(all), reduction);
  return all.front();
}

RedistributeRole role_of(std::uint32_t rank, std::uint32_t from, std::uint32_t to) {
  RedistributeRole role;
  if (rank < from) role.source_rank = rank;
  if (rank < to) role.target_rank = rank;
  return role;
}

}  // namespace

std::vector<RedistributeStep> measure_redistribution(ProcessGrid const& grid, LoaderOptions config,
                                                     RedistributeBenchOptions const& options) {
  auto& world = grid.world();
  all_or_throw(world, "prepare", [&] {
    if (std::ranges::max(options.chain) <= world.size()) return;
    throw ConfigError("the chain needs " + std::to_string(std::ranges::max(options.chain)) + " ranks");
  });
  // A private copy: mapped files would not be memory of the model.
  config.load.engine = ReadEngine::buffered;
  RedistributeOptions redistribute;
  redistribute.verify = options.verify;
  redistribute.peer_memory = options.peer_memory;
  redistribute.share = options.share;
  Redistributor redistributor(world, grid.node(), redistribute);
  auto model = load_onto(options.chain.front(), grid, config);
  std::vector<RedistributeStep> steps;
  for (std::size_t i = 0; i + 1 < options.chain.size(); ++i) {
    RedistributeStep step;
    step.from = options.chain[i];
    step.to = options.chain[i + 1];
    auto const role = role_of(world.rank(), step.from, step.to);
    Bytes own_bytes = 0;
    {
      auto const expected = load_onto(step.to, grid, config);
      own_bytes = shard_bytes(expected);
    }
    step.model_bytes = reduced(world, own_bytes, Reduction::sum);
    Held made;
    for (std::uint32_t round = 0; round <= options.rounds; ++round) {
      made.reset();
      bool const counts = round > 0;
      auto const small = copy_seconds(world, own_bytes, PageSize::small);
      auto const huge = copy_seconds(world, own_bytes, PageSize::huge);
      if (options.in_place && (round > 0 || i > 0)) {
        model.reset();
        model = load_onto(step.from, grid, config);
      }
      reset_peak_resident();
      world.barrier();
      auto result = options.in_place
                        ? redistributor.redistribute_in_place(std::exchange(model, std::nullopt), {step.to, 1, 1}, role)
                        : redistributor.redistribute(model ? &*model : nullptr, {step.to, 1, 1}, role);
      step.peak_resident_bytes = std::max(step.peak_resident_bytes, peak_resident_bytes().value_or(0));
      made = std::move(result.model);
      step.times = result.times;
      if (!counts) continue;
      step.small_pages.add(small);
      step.huge_pages.add(huge);
      step.seconds.add(result.times.seconds);
    }
    auto const hashes = hashes_of(made);
    step.is_right = is_on_all(world, hashes == hashes_of(load_onto(step.to, grid, config)));
    step.peak_resident_bytes = reduced(world, step.peak_resident_bytes, Reduction::max);
    model = std::move(made);
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string table_of(std::vector<RedistributeStep> const& steps) {
  auto text = fmt::format("{:>8} {:>10} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}\n", "ranks", "bytes", "sent",
                          "needed", "GB/s", "memcpy", "of it", "waves", "peak", "hashes");
  for (auto const& step : steps) {
    auto const bytes = static_cast<double>(step.model_bytes);
    text += fmt::format("{:>8} {:>10} {:>10} {:>10} {:>9.2f} {:>9.2f} {:>7.0f} % {:>9} {:>9} {:>7}\n",
                        fmt::format("{} -> {}", step.from, step.to), format_bytes(step.model_bytes),
                        format_bytes(step.times.sent_bytes), format_bytes(step.times.needed_bytes),
                        bytes / step.seconds.median() / 1e9, bytes / step.limit_seconds() / 1e9,
                        100 * step.limit_seconds() / step.seconds.median(), step.times.waves,
                        format_bytes(step.peak_resident_bytes), step.is_right ? "equal" : "DIFFER");
  }
  return text;
}

std::string json_of(std::vector<RedistributeStep> const& steps) {
  auto all = nlohmann::ordered_json::array();
  for (auto const& step : steps) {
    all.push_back({{"from", step.from},
                   {"to", step.to},
                   {"model_bytes", step.model_bytes},
                   {"sent_bytes", step.times.sent_bytes},
                   {"needed_bytes", step.times.needed_bytes},
                   {"local_bytes", step.times.local_bytes},
                   {"shared_bytes", step.times.shared_bytes},
                   {"staging_bytes", step.times.staging_bytes},
                   {"planned_peak_bytes", step.times.peak_bytes},
                   {"peak_resident_bytes", step.peak_resident_bytes},
                   {"waves", step.times.waves},
                   {"plan_seconds", step.times.plan_seconds},
                   {"seconds", step.seconds.all()},
                   {"memcpy_small_pages_seconds", step.small_pages.all()},
                   {"memcpy_huge_pages_seconds", step.huge_pages.all()},
                   {"share_of_memcpy", step.limit_seconds() / step.seconds.median()},
                   {"is_right", step.is_right}});
  }
  return all.dump(2) + "\n";
}

}  // namespace distload
