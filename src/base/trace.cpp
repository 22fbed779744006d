// Records spans behind a lock, and prints them as JSON.
#include "base/trace.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace distload {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct Recorder {
  std::atomic<bool> records{false};
  std::mutex mutex;
  std::size_t most_spans = 0;  // guarded by mutex, like the next one
  RecordedTrace recorded;
};

Recorder& recorder() {
  static Recorder one;
  return one;
}

std::int64_t nanoseconds(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

/// The stages in the order of a load; the lines of others are below.
constexpr std::array<std::string_view, 12> kStages{"open",   "partition", "plan",  "allocate", "start", "read",
                                                   "upload", "pack",      "peers", "exchange", "place", "agree"};
/// Lines of one stage.
constexpr std::uint32_t kLinesPerStage = 64;

/// Assigns a line (tid) to each span.
class Lines {
 public:
  /// Precondition: spans come in the order of their begins.
  std::uint32_t line_of(TraceSpan const& span) {
    auto const stage = number_of(span.stage);
    auto& ends = ends_[stage];
    auto const free = std::ranges::find_if(ends, [&](std::int64_t end) { return end <= span.begin_ns; });
    auto index = static_cast<std::uint32_t>(free - ends.begin());
    if (free == ends.end()) {
      if (ends.size() < kLinesPerStage) ends.emplace_back();
      index = static_cast<std::uint32_t>(ends.size()) - 1;
    }
    ends[index] = span.end_ns;
    auto const line = stage * kLinesPerStage + index;
    names_[line] = index == 0 ? span.stage : span.stage + " " + std::to_string(index + 1);
    return line;
  }

  std::map<std::uint32_t, std::string> const& names() const noexcept { return names_; }

 private:
  std::uint32_t number_of(std::string const& stage) {
    auto const* const known = std::ranges::find(kStages, stage);
    if (known != kStages.end()) return static_cast<std::uint32_t>(known - kStages.begin());
    auto const other = std::ranges::find(others_, stage);
    auto const index = static_cast<std::uint32_t>(other - others_.begin());
    if (other == others_.end()) others_.push_back(stage);
    return static_cast<std::uint32_t>(kStages.size()) + index;
  }

  std::map<std::uint32_t, std::vector<std::int64_t>> ends_;  ///< of the last span of each line, by stage
  std::map<std::uint32_t, std::string> names_;               ///< by line
  std::vector<std::string> others_;
};

OrderedJson metadata_event(char const* name, std::uint32_t rank, std::uint32_t line, OrderedJson arguments) {
  return {{"name", name}, {"ph", "M"}, {"pid", rank}, {"tid", line}, {"args", std::move(arguments)}};
}

OrderedJson event_of(TraceSpan const& span, std::uint32_t rank, std::uint32_t line, std::int64_t zero_ns) {
  constexpr double kMicrosecond = 1e3;
  auto arguments = OrderedJson::object();
  if (span.wave) arguments["wave"] = *span.wave;
  if (span.nbytes > 0) arguments["bytes"] = span.nbytes;
  return {{"name", span.stage},
          {"ph", "X"},
          {"ts", static_cast<double>(span.begin_ns - zero_ns) / kMicrosecond},
          {"dur", static_cast<double>(span.end_ns - span.begin_ns) / kMicrosecond},
          {"pid", rank},
          {"tid", line},
          {"args", std::move(arguments)}};
}

/// The first begin of all ranks on the clock of rank 0; 0 if there are no spans.
std::int64_t first_begin(std::vector<RankTrace> const& ranks) {
  auto first = std::numeric_limits<std::int64_t>::max();
  for (auto const& rank : ranks) {
    for (auto const& span : rank.recorded.spans) first = std::min(first, span.begin_ns - rank.offset_ns);
  }
  return first == std::numeric_limits<std::int64_t>::max() ? 0 : first;
}

}  // namespace

void start_trace(std::size_t most_spans) {
  auto& one = recorder();
  std::lock_guard const lock(one.mutex);
  one.most_spans = most_spans;
  one.recorded = {};
  one.records = true;
}

RecordedTrace stop_trace() {
  auto& one = recorder();
  std::lock_guard const lock(one.mutex);
  one.records = false;
  return std::exchange(one.recorded, {});
}

bool is_tracing() noexcept { return recorder().records.load(std::memory_order_relaxed); }

void add_trace_span(std::string_view stage, std::chrono::steady_clock::time_point begin,
                    std::chrono::steady_clock::time_point end, std::optional<std::uint32_t> wave,
                    Bytes nbytes) noexcept {
  auto& one = recorder();
  std::lock_guard const lock(one.mutex);
  if (!one.records) return;
  if (one.recorded.spans.size() >= one.most_spans) {
    ++one.recorded.dropped;
    return;
  }
  try {
    one.recorded.spans.push_back({std::string(stage), nanoseconds(begin), nanoseconds(end), wave, nbytes});
  } catch (std::exception const&) {
    ++one.recorded.dropped;
  }
}

std::string trace_text(std::vector<RankTrace> const& ranks) {
  auto events = OrderedJson::array();
  auto const first = first_begin(ranks);
  for (auto const& rank : ranks) {
    auto spans = rank.recorded.spans;
    std::ranges::stable_sort(spans, {}, &TraceSpan::begin_ns);
    OrderedJson process{{"name", "rank " + std::to_string(rank.rank) + " on " + rank.host}};
    if (rank.recorded.dropped > 0) process["dropped_spans"] = rank.recorded.dropped;
    events.push_back(metadata_event("process_name", rank.rank, 0, std::move(process)));
    events.push_back(metadata_event("process_sort_index", rank.rank, 0, {{"sort_index", rank.rank}}));
    Lines lines;
    auto own = OrderedJson::array();
    for (auto const& span : spans) {
      own.push_back(event_of(span, rank.rank, lines.line_of(span), first + rank.offset_ns));
    }
    for (auto const& [line, name] : lines.names()) {
      events.push_back(metadata_event("thread_name", rank.rank, line, {{"name", name}}));
      events.push_back(metadata_event("thread_sort_index", rank.rank, line, {{"sort_index", line}}));
    }
    for (auto& event : own) events.push_back(std::move(event));
  }
  return json_text(events) + "\n";
}

std::vector<std::int64_t> clock_offsets(std::vector<std::string> const& hosts,
                                        std::vector<std::vector<std::int64_t>> const& times) {
  std::map<std::string, std::int64_t> of_host;
  std::vector<std::int64_t> offsets;
  offsets.reserve(hosts.size());
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    auto const [host, is_new] = of_host.try_emplace(hosts[rank]);
    if (is_new) {
      std::vector<std::int64_t> differences;
      for (std::size_t round = 0; round < times[rank].size(); ++round) {
        differences.push_back(times[rank][round] - times.front()[round]);
      }
      auto const middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
      std::ranges::nth_element(differences, middle);
      host->second = *middle;
    }
    offsets.push_back(host->second);
  }
  return offsets;
}

}  // namespace distload
