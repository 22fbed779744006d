// Enqueues the waves of a plan in order. Every stage has its own stream; events join them.
#include "load/pipeline.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include "base/fault.hpp"
#include "base/first_failure.hpp"
#include "base/trace.hpp"
#include "load/stage_times.hpp"
#include "load/wave_copies.hpp"
#include "load/wave_reader.hpp"
#include "parallel/all_or_throw.hpp"
#include "plan/rank_work.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

/// Waves after which the ranks tell each other whether one has failed. Until then a failed rank takes part in
/// exchanges, of bytes that nobody will use.
constexpr std::uint32_t kWavesBetweenAgreements = 16;

/// Between looks at streams whose work nobody signals.
constexpr std::chrono::microseconds kLook{50};

/// Distance from the first to behind the last byte that a copy reads.
Bytes reach_of(StridedCopy const& copy) {
  auto reach = copy.run_bytes;
  for (std::size_t i = 0; i < copy.loop_count; ++i) reach += (copy.loops[i].count - 1) * copy.loops[i].source_stride;
  return reach;
}

/// Populates the pages of the files that a wave copies from.
void prefault(Wave const& wave, FileMapping const& files) {
  for (auto const copy : wave.places) {
    if (copy.source == Area::mapped) static_cast<void>(files.prefault(copy.copy.source_offset, reach_of(copy.copy)));
  }
}

/// Drops the pages of the files that a wave has copied from.
void release(Wave const& wave, FileMapping const& files) {
  for (auto const copy : wave.places) {
    if (copy.source == Area::mapped) files.release(copy.copy.source_offset, reach_of(copy.copy));
  }
}

/// What is joined by events, for one slot.
struct SlotEvents {
  std::unique_ptr<Event> uploaded;  ///< the host side may be written again
  std::unique_ptr<Event> packed;
  std::unique_ptr<Event> exchanged;
  std::unique_ptr<Event> placed;  ///< the shard side may be written again
};

class Pipeline {
 public:
  Pipeline(LoadPlan const& plan, Engine& engine, Communicator& control, StreamMessages& messages, Device& device,
           Arena const& arena, Staging const& staging, PipelineOptions const& options)
      : plan_(plan),
        engine_(engine),
        control_(control),
        messages_(messages),
        device_(device),
        arena_(arena),
        staging_(staging),
        copy_(device.make_stream()),
        pack_(device.make_stream()),
        comm_(device.make_stream()),
        place_(device.make_stream()),
        events_(make_events(device, staging.slots())),
        copies_(plan, arena, staging, engine.mapping(), options.device_peers, device, *copy_),
        times_(device, plan.work->waves.size()),
        reader_(
            plan, engine, arena, staging, options.peers, {options.verify, options.on_read, options.before_write, {}},
            [this](std::uint32_t slot) { events_[slot].uploaded->wait(); },
            !engine.is_collective() && staging.slots() > 1),
        writes_to_peers_(options.peers != nullptr || options.device_peers != nullptr) {}

  PipelineTimes run() {
    try {
      for (std::uint32_t wave = 0; wave < plan_.work->waves.size(); ++wave) process(wave);
      wait_for_streams();
      agree("place");
    } catch (...) {
      // The ranks have agreed to stop, or cannot reach each other any more.
      reader_.stop();
      drain();
      // The arenas must exist until no rank writes to another's any more.
      if (writes_to_peers_) control_.barrier();
      throw;
    }
    if (is_tracing()) trace();
    return {.read_seconds = reader_.busy_seconds(),
            .upload_seconds = times_.seconds(WaveStage::upload),
            .exchange_seconds = times_.seconds(WaveStage::pack) + times_.seconds(WaveStage::exchange),
            .place_seconds = times_.seconds(WaveStage::place),
            .read_bytes = reader_.read_bytes(),
            .deferred_bytes = reader_.deferred_bytes(),
            .overflows = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), overflows_)()};
  }

 private:
  static std::vector<SlotEvents> make_events(Device& device, std::uint32_t slots) {
    // A plan without staging has places too.
    std::vector<SlotEvents> events(std::max(1U, slots));
    for (auto& of_slot : events) {
      of_slot = {device.make_event(), device.make_event(), device.make_event(), device.make_event()};
    }
    return events;
  }

  std::array<Stream*, 4> streams() const { return {copy_.get(), pack_.get(), comm_.get(), place_.get()}; }

  void process(std::uint32_t wave) {
    auto const& work = plan_.work->waves[wave];
    auto& events = events_[wave % events_.size()];
    // A collective engine needs every rank, including one that has failed.
    if (engine_.is_collective()) {
      failure_.guard([&] { reader_.wait_for(wave); });
    } else {
      failure_.guard_unless_failed([&] { reader_.wait_for(wave); });
    }
    if (wave % kWavesBetweenAgreements == 0) agree("read");
    failure_.guard_unless_failed([&] { upload(wave, work, events); });
    // A stream is not emptied before the host side is released, so that the reader goes on meanwhile.
    if (!device_.is_host()) reader_.release(wave);
    failure_.guard_unless_failed([&] { pack(wave, work, events); });
    if (plan_.has_messages) exchange(wave, work, events);
    failure_.guard_unless_failed([&] { place(wave, work, events); });
    if (device_.is_host()) reader_.release(wave);
  }

  void upload(std::uint32_t wave, Wave const& work, SlotEvents& events) {
    if (device_.is_host()) return;
    copy_->wait_for(*events.placed);
    if (work.read_staging_bytes > 0) {
      auto const slot = wave % staging_.slots();
      auto const time = times_.scope(*copy_, WaveStage::upload, wave);
      copy_->copy(staging_.shard_side(slot), staging_.host(slot), work.read_staging_bytes);
    }
    copy_->record(*events.uploaded);
  }

  /// Not on the stream of places: the messages of a wave need not wait for the places of the wave before.
  void pack(std::uint32_t wave, Wave const& work, SlotEvents& events) {
    pack_->wait_for(*events.uploaded);
    if (work.packs.size() > 0) {
      auto const time = times_.scope(*pack_, WaveStage::pack, wave);
      enqueue(*pack_, copies_.packs(wave), "distload::pack");
    }
    pack_->record(*events.packed);
  }

  /// Also on a rank that has failed, since the others wait for it.
  void exchange(std::uint32_t wave, Wave const& work, SlotEvents& events) {
    failure_.guard_unless_failed([] { fault_point("exchange"); });
    comm_->wait_for(*events.packed);
    if (!work.sends.empty() || !work.receives.empty()) {
      auto const time = times_.scope(*comm_, WaveStage::exchange, wave);
      std::vector<Send> sends;
      std::vector<Receive> receives;
      for (auto const& message : work.sends) sends.push_back({message.peer, address(wave, message), message.nbytes});
      for (auto const& message : work.receives)
        receives.push_back({message.peer, address(wave, message), message.nbytes});
      messages_.exchange(std::move(sends), std::move(receives), *comm_);
    }
    comm_->record(*events.exchanged);
  }

  void place(std::uint32_t wave, Wave const& work, SlotEvents& events) {
    place_->wait_for(plan_.has_messages ? *events.exchanged : *events.packed);
    if (work.places.size() + work.peer_places.size() > 0) {
      auto const time = times_.scope(*place_, WaveStage::place, wave);
      auto const* const files = engine_.mapping();
      if (files != nullptr) place_->call([&work, files] { prefault(work, *files); });
      enqueue(*place_, copies_.places(wave), "distload::place");
      if (files != nullptr) place_->call([&work, files] { distload::release(work, *files); });
    }
    place_->record(*events.placed);
  }

  void trace() const {
    for (std::uint32_t wave = 0; wave < plan_.work->waves.size(); ++wave) {
      auto const& work = plan_.work->waves[wave];
      Bytes sent = 0;
      for (auto const& message : work.sends) sent += message.nbytes;
      times_.trace(wave, {work.read_staging_bytes, 0, sent, 0});
    }
  }

  void enqueue(Stream& stream, WaveStep step, char const* label) {
    stream.run(label, [this, step = std::move(step), label](Kokkos::DefaultExecutionSpace const& space) {
      enqueue_step(space, step.lists, overflows_, label);
    });
  }

  std::byte* address(std::uint32_t wave, PlannedMessage const& message) const {
    auto* const base = message.area == Area::arena ? arena_.data() : staging_.shard_side(wave % staging_.slots());
    return base + message.offset_bytes;
  }

  /// Collective: all ranks throw if one has failed.
  void agree(char const* phase) {
    failure_.guard_unless_failed([&] {
      for (auto const* const stream : streams()) stream->check();
    });
    all_or_throw(control_, phase, [&] { failure_.rethrow(); });
  }

  /// Waits for what is enqueued.
  void wait_for(Stream& stream) {
    while (!stream.is_done()) {
      messages_.check();
      std::this_thread::sleep_for(kLook);
    }
  }

  void wait_for_streams() {
    for (auto* const stream : streams()) {
      failure_.guard_unless_failed([&] { wait_for(*stream); });
    }
  }

  /// Waits for what is enqueued, of which nothing may use the memory of the load any more. Failures are not those that
  /// stop the load; that of a message ends the other messages.
  void drain() noexcept {
    for (auto* const stream : streams()) {
      try {
        wait_for(*stream);
      } catch (std::exception const&) {
        continue;
      }
    }
  }

  LoadPlan const& plan_;
  Engine& engine_;
  Communicator& control_;
  StreamMessages& messages_;
  Device& device_;
  Arena const& arena_;
  Staging const& staging_;
  OverflowCount const overflows_{"distload::overflows"};
  std::unique_ptr<Stream> copy_;  // uploads
  std::unique_ptr<Stream> pack_;
  std::unique_ptr<Stream> comm_;
  std::unique_ptr<Stream> place_;  // also casts and transposes
  std::vector<SlotEvents> events_;
  WaveCopies copies_;
  StageTimes times_;
  WaveReader reader_;
  FirstFailure failure_;  // of this rank between two agreements; the next one reports it to the others
  bool writes_to_peers_;
};

}  // namespace

PipelineTimes run_pipeline(LoadPlan const& plan, Engine& engine, Communicator& control, StreamMessages& messages,
                           Device& device, Arena const& arena, Staging const& staging, PipelineOptions const& options) {
  Kokkos::Profiling::ScopedRegion const region("distload::pipeline");
  auto const pipeline = all_or_throw(control, "read", [&] {
    return std::make_unique<Pipeline>(plan, engine, control, messages, device, arena, staging, options);
  });
  return pipeline->run();
}

}  // namespace distload
