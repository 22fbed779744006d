// Measures the clocks' offsets and gathers the spans.
#include "load/gather_trace.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// Odd, so that the median is one of them.
constexpr int kRounds = 9;

/// Collective: this rank's steady clock after each of some barriers.
std::vector<std::int64_t> times_after_barriers(Communicator& world) {
  std::vector<std::int64_t> times;
  for (int round = 0; round < kRounds; ++round) {
    world.barrier();
    times.push_back(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
  }
  return times;
}

void put_trace(WireWriter& out, RecordedTrace const& recorded) {
  out.put(recorded.dropped);
  out.put(recorded.spans.size());
  for (auto const& span : recorded.spans) {
    out.put_text(span.stage);
    out.put(span.begin_ns);
    out.put(span.end_ns);
    out.put(span.wave.has_value());
    out.put(span.wave.value_or(0));
    out.put(span.nbytes);
  }
}

RecordedTrace get_trace(WireReader& in) {
  RecordedTrace recorded;
  recorded.dropped = in.get<std::uint64_t>();
  constexpr auto kLeastBytes = WireReader::kTextBytes + 3 * sizeof(std::int64_t);
  recorded.spans.resize(in.get_count(kLeastBytes));
  for (auto& span : recorded.spans) {
    span.stage = in.get_text();
    span.begin_ns = in.get<std::int64_t>();
    span.end_ns = in.get<std::int64_t>();
    auto const has_wave = in.get<bool>();
    auto const wave = in.get<std::uint32_t>();
    if (has_wave) span.wave = wave;
    span.nbytes = in.get<Bytes>();
  }
  return recorded;
}

}  // namespace

std::string gather_trace(ProcessGrid const& grid, RecordedTrace const& recorded) {
  auto const own_times = times_after_barriers(grid.world());
  auto const message = all_or_throw(grid.world(), "trace", [&] {
    WireWriter out;
    out.put_text(grid.host_name());
    out.put_all(own_times);
    put_trace(out, recorded);
    return out.take();
  });
  auto const messages = gather_messages(grid.world(), message, 0);
  return all_or_throw(grid.world(), "trace", [&]() -> std::string {
    if (grid.rank() != 0) return {};
    std::vector<RankTrace> ranks;
    std::vector<std::string> hosts;
    std::vector<std::vector<std::int64_t>> times;
    for (auto const& bytes : messages) {
      WireReader in(bytes);
      auto& rank = ranks.emplace_back();
      rank.rank = static_cast<std::uint32_t>(ranks.size()) - 1;
      rank.host = in.get_text();
      times.push_back(in.get_all<std::int64_t>());
      rank.recorded = get_trace(in);
      hosts.push_back(rank.host);
    }
    auto const offsets = clock_offsets(hosts, times);
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) ranks[rank].offset_ns = offsets[rank];
    return trace_text(ranks);
  });
}

}  // namespace distload
