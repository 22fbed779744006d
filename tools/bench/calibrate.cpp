// Short measurements of storage and messages.
#include "bench/calibrate.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "base/scope_timer.hpp"
#include "bench/raw_limits.hpp"
#include "bench/samples.hpp"
#include "bench/slowest.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

constexpr std::uint32_t kRounds = 5;
constexpr std::uint32_t kSmallReads = 64;
constexpr Bytes kPageBytes = 4 * kKiB;
constexpr Bytes kMessageBytes = 64 * kMiB;
constexpr std::uint32_t kDepth = 4;

/// Collective: median seconds of `work` on the slowest rank.
double median_seconds(Communicator& world, std::function<void()> const& prepare, std::function<void()> const& work) {
  Samples samples;
  for (std::uint32_t round = 0; round <= kRounds; ++round) {
    all_or_throw(world, "prepare", prepare);
    world.barrier();
    auto const start = std::chrono::steady_clock::now();
    all_or_throw(world, "measure", work);
    auto const seconds = slowest_seconds(world, start);
    if (round > 0) samples.add(seconds);
  }
  return samples.median();
}

/// Seconds of a small read at a random position: latency of storage without the page cache, of a system call with it.
double small_read_seconds(Catalog const& catalog, Caching caching) {
  auto const& source = *std::ranges::max_element(catalog.files, {}, &SourceFile::size_bytes);
  InputFile const file(source.path, caching);
  auto const memory = touched_memory(kPageBytes);
  std::mt19937_64 random(1);
  Samples samples;
  for (std::uint32_t i = 0; i < kSmallReads; ++i) {
    auto const page = random() % std::max<Bytes>(source.size_bytes / kPageBytes, 1);
    if (caching == Caching::page_cache) file.read_at(page * kPageBytes, {memory.data(), kPageBytes});
    auto const start = std::chrono::steady_clock::now();
    file.read_at(page * kPageBytes, {memory.data(), kPageBytes});
    samples.add(seconds_since(start));
  }
  return samples.median();
}

/// Collective: every rank sends `nbytes` to the next one. @returns the seconds of the slowest rank.
double ring_seconds(Communicator& world, Bytes nbytes) {
  std::vector<std::byte> sent(nbytes);
  std::vector<std::byte> received(nbytes);
  auto const next = (world.rank() + 1) % world.size();
  auto const previous = (world.rank() + world.size() - 1) % world.size();
  Samples samples;
  for (std::uint32_t round = 0; round <= kRounds; ++round) {
    world.barrier();
    auto const start = std::chrono::steady_clock::now();
    Send const send{next, sent.data(), nbytes};
    Receive const receive{previous, received.data(), nbytes};
    world.exchange({&send, 1}, {&receive, 1});
    auto const seconds = slowest_seconds(world, start);
    if (round > 0) samples.add(seconds);
  }
  return samples.median();
}

std::string line(std::string_view key, double value, std::string_view unit, std::string_view meaning) {
  return fmt::format("  {:<18} {:<12} # {}\n", key, fmt::format("{:.2f} {}", value, unit), meaning);
}

}  // namespace

CostModel calibrate(Communicator& world, Catalog const& catalog) {
  auto const reader = all_or_throw(world, "open", [&] { return RawReader(catalog, world.rank(), world.size()); });
  HostMemory const memory(reader.share_bytes(), PageSize::huge);
  auto const buffers = touched_memory(direct_buffer_bytes(kDepth));
  auto const directly = reader.can_read_directly();
  std::vector<std::uint64_t> total{reader.share_bytes()};
  world.all_reduce(std::span<std::uint64_t>(total), Reduction::sum);
  auto const from_storage = median_seconds(
      world,
      [&] {
        if (world.rank() == 0) forget_files(catalog);
      },
      [&] { directly ? reader.read_directly(buffers, kDepth) : reader.read(memory); });
  auto const from_cache = median_seconds(
      world, [] {}, [&] { reader.read(memory); });

  CostModel cost;
  cost.storage_bandwidth = static_cast<double>(total.front()) / from_storage;
  cost.cache_bandwidth = static_cast<double>(total.front()) / from_cache;
  std::vector<double> latencies{0, 0};
  if (world.rank() == 0) {
    auto const call = small_read_seconds(catalog, Caching::page_cache);
    latencies = {directly ? small_read_seconds(catalog, Caching::none) : call, call};
  }
  world.all_reduce(std::span<double>(latencies), Reduction::max);
  cost.storage_latency_seconds = latencies[0];
  cost.request_overhead_seconds = latencies[1];
  if (world.size() > 1) {
    cost.link_latency_seconds = ring_seconds(world, sizeof(double));
    cost.link_bandwidth = static_cast<double>(kMessageBytes) / ring_seconds(world, kMessageBytes);
  }
  return cost;
}

std::string cost_section(CostModel const& cost) {
  constexpr double kGibibyte = 1024.0 * 1024 * 1024;
  return "cost:\n" + line("storage_bandwidth:", cost.storage_bandwidth / kGibibyte, "GiB/s", "of all ranks together") +
         line("cache_bandwidth:", cost.cache_bandwidth / kGibibyte, "GiB/s",
              "of all ranks together, from the page cache; only for predictions") +
         line("link_bandwidth:", cost.link_bandwidth / kGibibyte, "GiB/s", "of one rank") +
         line("storage_latency:", cost.storage_latency_seconds * 1e6, "us", "until the first byte of a read arrives") +
         line("link_latency:", cost.link_latency_seconds * 1e6, "us", "of a message") +
         line("request_overhead:", cost.request_overhead_seconds * 1e6, "us", "of each further read request of a rank");
}

}  // namespace distload
