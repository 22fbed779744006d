/// trace: records which stage of a load worked when, on this rank (`report.trace`).
///
///     start_trace();
///     {
///       TraceScope scope("read", wave);  // any thread
///       scope.add_bytes(nbytes);
///     }
///     auto const spans = stop_trace().spans;
///
/// Without `start_trace` a scope costs one load of an atomic number.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// Work of one stage.
struct TraceSpan {
  std::string stage;                  ///< "read", "upload", "pack", "exchange", "peers", "place", ...
  std::int64_t begin_ns = 0;          ///< of this host's steady clock
  std::int64_t end_ns = 0;            ///< not before `begin_ns`
  std::optional<std::uint32_t> wave;  ///< nothing for work that belongs to none
  Bytes nbytes = 0;                   ///< that the stage has worked on; 0 if not known
};

/// What `stop_trace` returns.
struct RecordedTrace {
  std::vector<TraceSpan> spans;  ///< in the order of their ends
  std::uint64_t dropped = 0;     ///< spans beyond the most that are kept
};

/// The most spans that are kept by default: some megabytes.
inline constexpr std::size_t kMostTraceSpans = 1U << 16U;

/// Local: begins to record in this process; forgets what was recorded before.
void start_trace(std::size_t most_spans = kMostTraceSpans);
/// Local: ends recording. Empty if it had not begun.
RecordedTrace stop_trace();
/// True between `start_trace` and `stop_trace`.
bool is_tracing() noexcept;

/// Records a span whose times are known. Thread-safe; does nothing unless recording. Never throws: a span that finds no
/// memory counts as dropped.
void add_trace_span(std::string_view stage, std::chrono::steady_clock::time_point begin,
                    std::chrono::steady_clock::time_point end, std::optional<std::uint32_t> wave = std::nullopt,
                    Bytes nbytes = 0) noexcept;

/// Records its lifetime as a span, if recording has begun before it.
class TraceScope {
 public:
  /// @param stage  outlives the scope
  explicit TraceScope(std::string_view stage, std::optional<std::uint32_t> wave = std::nullopt,
                      Bytes nbytes = 0) noexcept
      : stage_(stage), wave_(wave), nbytes_(nbytes), records_(is_tracing()) {
    if (records_) begin_ = std::chrono::steady_clock::now();
  }
  ~TraceScope() {
    if (records_) add_trace_span(stage_, begin_, std::chrono::steady_clock::now(), wave_, nbytes_);
  }
  TraceScope(TraceScope const&) = delete;
  TraceScope& operator=(TraceScope const&) = delete;

  void add_bytes(Bytes nbytes) noexcept { nbytes_ += nbytes; }

 private:
  std::string_view stage_;
  std::optional<std::uint32_t> wave_;
  Bytes nbytes_;
  bool records_;
  std::chrono::steady_clock::time_point begin_;
};

/// The spans of one rank, for the file.
struct RankTrace {
  std::uint32_t rank = 0;
  std::string host;
  std::int64_t offset_ns = 0;  ///< of the host's clock: to be subtracted from its times
  RecordedTrace recorded;
};

/// A Chrome trace: a JSON array of complete events (`ph: X`), ts and dur in microseconds since the first begin, pid the
/// rank, tid the stage; metadata events give their names. Spans of one stage that overlap are on lines of their own.
/// For chrome://tracing and ui.perfetto.dev. Pure.
std::string trace_text(std::vector<RankTrace> const& ranks);

/// The offsets of all ranks' clocks to that of rank 0. Ranks of one host share their clock, so all have the offset of
/// the host's first rank: the median over the rounds of the difference of its time to rank 0's. Pure.
/// @param hosts  by rank
/// @param times  by rank: its clock in ns after each of the same barriers; at least one
std::vector<std::int64_t> clock_offsets(std::vector<std::string> const& hosts,
                                        std::vector<std::vector<std::int64_t>> const& times);

}  // namespace distload
