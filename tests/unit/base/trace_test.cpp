// Recording of spans, and the file that they become.
#include "base/trace.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/json.hpp"

namespace distload {
namespace {

using std::chrono::nanoseconds;

std::chrono::steady_clock::time_point at(std::int64_t ns) {
  return std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(nanoseconds(ns)));
}

nlohmann::json events_of(std::vector<RankTrace> const& ranks) {
  return parse_json(trace_text(ranks), {.text_bytes = kMiB}, "trace");
}

/// The events of one kind (`ph`) and name; any if the name is empty.
std::vector<nlohmann::json> find(nlohmann::json const& events, std::string const& kind, std::string const& name = "") {
  std::vector<nlohmann::json> found;
  for (auto const& event : events) {
    if (event.at("ph") == kind && (name.empty() || event.at("name") == name)) found.push_back(event);
  }
  return found;
}

TEST(Trace, RecordsNothingUnlessAskedTo) {
  stop_trace();
  { TraceScope const scope("read", 1); }
  EXPECT_FALSE(is_tracing());
  EXPECT_TRUE(stop_trace().spans.empty());
}

TEST(Trace, RecordsTheLifetimeOfAScope) {
  start_trace();
  {
    TraceScope scope("read", 7, 100);
    scope.add_bytes(50);
  }
  { TraceScope const scope("plan"); }
  auto const recorded = stop_trace();
  ASSERT_EQ(recorded.spans.size(), 2U);
  auto const& span = recorded.spans[0];
  EXPECT_EQ(span.stage, "read");
  EXPECT_EQ(span.wave, 7U);
  EXPECT_EQ(span.nbytes, 150U);
  EXPECT_LE(span.begin_ns, span.end_ns);
  EXPECT_EQ(recorded.spans[1].wave, std::nullopt);
  EXPECT_EQ(recorded.dropped, 0U);
}

TEST(Trace, KeepsNoMoreSpansThanAllowedAndCountsTheOthers) {
  start_trace(2);
  for (std::uint32_t wave = 0; wave < 5; ++wave) add_trace_span("read", at(0), at(1), wave);
  auto const recorded = stop_trace();
  EXPECT_EQ(recorded.spans.size(), 2U);
  EXPECT_EQ(recorded.dropped, 3U);
}

TEST(Trace, RecordsFromAllThreads) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kScopes = 500;
  start_trace();
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([] {
        for (std::uint32_t wave = 0; wave < kScopes; ++wave) TraceScope const scope("read", wave);
      });
    }
  }
  EXPECT_EQ(stop_trace().spans.size(), kThreads * kScopes);
}

TEST(TraceText, HasCompleteEventsInMicrosecondsOnAlignedClocks) {
  RankTrace const first{.rank = 0, .host = "n1", .offset_ns = 0, .recorded = {{{"read", 5000, 9000, 3, 64}}, 0}};
  RankTrace const second{
      .rank = 1, .host = "n2", .offset_ns = 1'000'000, .recorded = {{{"exchange", 1'002'000, 1'012'500, {}, 0}}, 2}};
  auto const events = events_of({first, second});
  ASSERT_TRUE(events.is_array());

  auto const reads = find(events, "X", "read");
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].at("pid"), 0);
  EXPECT_DOUBLE_EQ(reads[0].at("ts"), 3.0) << "2000 ns of rank 0's clock are the first begin";
  EXPECT_DOUBLE_EQ(reads[0].at("dur"), 4.0);
  EXPECT_EQ(reads[0].at("args").at("wave"), 3);
  EXPECT_EQ(reads[0].at("args").at("bytes"), 64);

  auto const exchanges = find(events, "X", "exchange");
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_EQ(exchanges[0].at("pid"), 1);
  EXPECT_DOUBLE_EQ(exchanges[0].at("ts"), 0.0);
  EXPECT_DOUBLE_EQ(exchanges[0].at("dur"), 10.5);
  EXPECT_FALSE(exchanges[0].at("args").contains("wave"));

  auto const processes = find(events, "M", "process_name");
  ASSERT_EQ(processes.size(), 2U);
  EXPECT_EQ(processes[1].at("args").at("name"), "rank 1 on n2");
  EXPECT_EQ(processes[1].at("args").at("dropped_spans"), 2);
  for (auto const& thread : find(events, "M", "thread_name")) {
    auto const& expected = thread.at("pid") == 0 ? reads[0] : exchanges[0];
    EXPECT_EQ(thread.at("tid"), expected.at("tid"));
    EXPECT_EQ(thread.at("args").at("name"), expected.at("name"));
  }
  EXPECT_LT(reads[0].at("tid"), exchanges[0].at("tid")) << "in the order of a load";
}

TEST(TraceText, PutsSpansThatOverlapOnLinesOfTheirOwn) {
  RankTrace const rank{.rank = 0,
                       .host = "n1",
                       .offset_ns = 0,
                       .recorded = {{{"read", 10, 30, 1, 0}, {"read", 0, 20, 0, 0}, {"read", 20, 40, 2, 0}}, 0}};
  auto const reads = find(events_of({rank}), "X");
  ASSERT_EQ(reads.size(), 3U);
  EXPECT_EQ(reads[0].at("args").at("wave"), 0);
  EXPECT_NE(reads[0].at("tid"), reads[1].at("tid"));
  EXPECT_EQ(reads[0].at("tid"), reads[2].at("tid")) << "the first line is free again";
}

TEST(TraceText, IsAnEmptyListWithoutRanks) { EXPECT_EQ(events_of({}), nlohmann::json::array()); }

TEST(ClockOffsets, TakesTheMedianOfTheFirstRankOfEachHost) {
  auto const offsets =
      clock_offsets({"a", "a", "b", "b"}, {{100, 200, 300}, {999, 999, 999}, {150, 251, 950}, {0, 0, 0}});
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{0, 0, 51, 51}));
}

}  // namespace
}  // namespace distload
