// Puts sleeps before the stages of the pipeline.
#include "bench/overlap.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include <distload/base/error.hpp>
#include <distload/load/loader.hpp>

#include "base/result_file.hpp"
#include "base/scope_timer.hpp"
#include "base/system.hpp"
#include "base/table.hpp"
#include "base/trace.hpp"
#include "device/emulated_device.hpp"
#include "io/engines/make_engine.hpp"
#include "load/pipeline.hpp"
#include "plan/rank_work.hpp"

namespace distload {
namespace {

using Delay = std::chrono::milliseconds;

/// An engine whose waves take longer.
class SlowEngine final : public Engine {
 public:
  SlowEngine(std::unique_ptr<Engine> engine, Delay delay) : engine_(std::move(engine)), delay_(delay) {}

  std::string_view name() const noexcept override { return engine_->name(); }
  bool is_collective() const noexcept override { return engine_->is_collective(); }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override {
    std::this_thread::sleep_for(delay_);
    engine_->read(requests, options);
  }
  void close() override { engine_->close(); }

 private:
  std::unique_ptr<Engine> engine_;
  Delay delay_;
};

/// Messages that take longer.
class SlowMessages final : public StreamMessages {
 public:
  SlowMessages(Communicator& ranks, Delay delay) : messages_(ranks), delay_(delay) {}

  void exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) override {
    stream.call([delay = delay_] { std::this_thread::sleep_for(delay); });
    messages_.exchange(std::move(sends), std::move(receives), stream);
  }
  void check() override {}

 private:
  HostStreamMessages messages_;
  Delay delay_;
};

/// The stages of the spans, with the seconds of each.
std::map<std::string, double> seconds_by_stage(std::vector<TraceSpan> const& spans) {
  std::map<std::string, double> seconds;
  for (auto const& span : spans) seconds[span.stage] += static_cast<double>(span.end_ns - span.begin_ns) * 1e-9;
  return seconds;
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f s", seconds);
  return text.data();
}

/// One line per stage: the waves at their times.
std::string timeline(std::vector<TraceSpan> const& spans) {
  constexpr std::size_t kColumns = 100;
  auto const begin = std::ranges::min(spans, {}, &TraceSpan::begin_ns).begin_ns;
  auto const end = std::ranges::max(spans, {}, &TraceSpan::end_ns).end_ns;
  auto const column = [&](std::int64_t time) {
    return static_cast<std::size_t>((time - begin) * static_cast<std::int64_t>(kColumns - 1) / (end - begin));
  };
  std::string text;
  for (auto const* const stage : {"read", "upload", "pack", "exchange", "place"}) {
    std::string line(kColumns, '.');
    for (auto const& span : spans) {
      if (span.stage != stage || !span.wave) continue;
      for (auto at = column(span.begin_ns); at <= column(span.end_ns); ++at) {
        line[at] = static_cast<char>('0' + *span.wave % 10);
      }
    }
    text += std::string(stage) + std::string(10 - std::string_view(stage).size(), ' ') + line + "\n";
  }
  return text;
}

}  // namespace

std::string measure_overlap(ProcessGrid const& grid, LoaderOptions config, OverlapOptions const& options) {
#if defined(DISTLOAD_ENABLE_CUDA)
  static_cast<void>(grid);
  static_cast<void>(config);
  static_cast<void>(options);
  throw ConfigError("a CUDA build has no emulated device; use a host build");
#else
  // Before the first use of the device.
  setenv("DISTLOAD_EMULATED_DEVICE", "1", 1);
  config.load.engine = ReadEngine::buffered;
  config.load.peer_writes = false;
  config.load.staging = 16 * kMiB;
  Delay const delay(options.milliseconds);
  auto const device =
      make_emulated_device({.before = [delay](std::string_view) { std::this_thread::sleep_for(delay); }});
  auto& world = grid.world();
  Loader loader(grid, config);
  auto const checkpoint = loader.open();
  auto const plan = loader.plan(checkpoint);
  Arena const arena(*device, plan.arena_bytes);
  Staging::Size size{.slots = plan.slots, .slot_bytes = plan.slot_bytes, .read_bytes = plan.slot_bytes};
  Staging const staging(*device, size, PageSize::small);
  InputFiles files(checkpoint.stored_catalog(), Caching::page_cache);
  SlowEngine engine(make_engine(ReadEngine::buffered, std::move(files), world, {}), delay);
  auto const stream_ranks = world.split(0, world.rank());
  SlowMessages messages(*stream_ranks, delay);

  world.barrier();
  start_trace();
  auto const begin = std::chrono::steady_clock::now();
  run_pipeline(plan, engine, world, messages, *device, arena, staging, {});
  auto const total = seconds_since(begin);
  auto const recorded = stop_trace();
  if (world.rank() != 0) return {};
  if (!options.trace.empty()) {
    write_result_file(options.trace, trace_text({RankTrace{.rank = 0, .host = host_name(), .recorded = recorded}}));
  }
  auto const stages = seconds_by_stage(recorded.spans);
  double sum = 0;
  double slowest = 0;
  Table table;
  table.add({"stage", "seconds"});
  for (auto const& [stage, seconds] : stages) {
    sum += seconds;
    slowest = std::max(slowest, seconds);
    table.add({stage, seconds_text(seconds)});
  }
  return timeline(recorded.spans) + "\n" + table.text() + "\n" + std::to_string(plan.work->waves.size()) + " waves, " +
         std::to_string(plan.slots) + " slots: " + seconds_text(total) + " in all, the slowest stage " +
         seconds_text(slowest) + ", all stages " + seconds_text(sum) + "\n";
#endif
}

}  // namespace distload
