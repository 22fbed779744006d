// Processes the waves of a plan in order, with read-ahead.
#include "load/pipeline.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include "base/first_failure.hpp"
#include "base/scope_timer.hpp"
#include "base/trace.hpp"
#include "load/area_addresses.hpp"
#include "load/staging_slot.hpp"
#include "load/wave_reader.hpp"
#include "parallel/all_or_throw.hpp"
#include "plan/rank_work.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

/// Copies with resolved addresses; copies with casts and transposes are kept separately.
struct BoundCopies {
  std::vector<BoundCopy> copies;
  std::vector<BoundCast> casts;
  std::vector<BoundCast> transposes;
};

/// Number of waves that a rank without communication processes before it checks whether other ranks have failed.
constexpr std::uint32_t kWavesAlone = 16;

/// Distance from the first to behind the last byte that a copy reads.
Bytes reach_of(StridedCopy const& copy) {
  auto reach = copy.run_bytes;
  for (std::size_t i = 0; i < copy.loop_count; ++i) reach += (copy.loops[i].count - 1) * copy.loops[i].source_stride;
  return reach;
}

/// Resolves the addresses of one wave: areas become pointers into the arena, the wave's slot and the mapped files.
class WaveMemory {
 public:
  WaveMemory(Arena const& arena, StagingSlot const* slot, FileMapping const* files)
      : addresses_{.arena = arena.data(),
                   .staging = slot == nullptr ? nullptr : slot->shard_side(),
                   .mapped = files == nullptr ? nullptr : files->data()},
        files_(files) {}

  std::byte* at(Area area, Bytes offset) const { return addresses_.at(area, offset); }

  /// Populates the pages of the files that a wave copies from.
  void prefault(Wave const& wave) const {
    for (auto const copy : wave.places) {
      if (copy.source == Area::mapped)
        static_cast<void>(files_->prefault(copy.copy.source_offset, reach_of(copy.copy)));
    }
  }

  /// Drops the pages of the files that a wave has copied from.
  void release(Wave const& wave) const {
    for (auto const copy : wave.places) {
      if (copy.source == Area::mapped) files_->release(copy.copy.source_offset, reach_of(copy.copy));
    }
  }

  BoundCopies bind(PlannedCopies const& planned) const {
    BoundCopies bound;
    bound.copies.reserve(planned.size());
    for (auto const copy : planned) {
      BoundCopy const here{copy.copy, at(copy.source, 0), at(copy.destination, 0)};
      auto const element_bytes = copy.cast ? size_of(copy.cast->to) : copy.copy.run_bytes;
      if (is_transpose(copy.copy, element_bytes)) {
        bound.transposes.push_back({here, copy.cast.value_or(Cast{})});
      } else if (copy.cast) {
        bound.casts.push_back({here, *copy.cast});
      } else {
        bound.copies.push_back(here);
      }
    }
    return bound;
  }

 private:
  AreaAddresses addresses_;
  FileMapping const* files_;
};

void exchange(Wave const& wave, WaveMemory const& memory, Communicator& messages) {
  std::vector<Send> sends;
  std::vector<Receive> receives;
  for (auto const& message : wave.sends)
    sends.push_back({message.peer, memory.at(message.area, message.offset_bytes), message.nbytes});
  for (auto const& message : wave.receives)
    receives.push_back({message.peer, memory.at(message.area, message.offset_bytes), message.nbytes});
  messages.exchange(sends, receives);
}

/// Copies the shards' parts that a wave sends into its slot.
void pack(Wave const& wave, WaveMemory const& memory, StagingSlot const* slot,
          Kokkos::DefaultExecutionSpace const& space) {
  if (wave.staging_bytes > 0) slot->upload(space, wave.staging_bytes);
  enqueue_copies(space, memory.bind(wave.packs).copies, "distload::pack");
  space.fence("distload: packed before it is sent");
}

/// Copies a wave's bytes from its slot and from mapped files into the arena.
void place(Wave const& wave, WaveMemory const& memory, bool has_mapping, OverflowCount const& overflows,
           Kokkos::DefaultExecutionSpace const& space) {
  if (has_mapping) memory.prefault(wave);
  auto const places = memory.bind(wave.places);
  enqueue_copies(space, places.copies, "distload::place");
  enqueue_casts(space, places.casts, overflows, "distload::cast");
  enqueue_transposes(space, places.transposes, overflows, "distload::transpose");
  space.fence("distload: placed before the slot is used again");
  if (has_mapping) memory.release(wave);
}

}  // namespace

PipelineTimes run_pipeline(LoadPlan const& plan, Engine& engine, Communicator& control, Communicator& messages,
                           Arena const& arena, std::span<StagingSlot const> slots, PipelineOptions const& options) {
  Kokkos::Profiling::ScopedRegion const region("distload::pipeline");
  bool const exchanges = plan.has_messages;
  bool const alone = !exchanges && !engine.is_collective();
  bool const ahead = !engine.is_collective() && slots.size() > 1;

  PipelineTimes times;
  Kokkos::DefaultExecutionSpace const space;
  OverflowCount const overflows("distload::overflows");
  WaveReader reader(plan, engine, arena, slots, options.peers,
                    {options.verify, options.on_read, options.before_write, {}}, ahead);
  // A failure of this rank between two agreements; the next agreement reports it to the others.
  FirstFailure failure;
  auto const agree = [&](char const* phase) { all_or_throw(control, phase, [&] { failure.rethrow(); }); };

  try {
    for (std::uint32_t index = 0; index < plan.work->waves.size(); ++index) {
      auto const& wave = plan.work->waves[index];
      auto const* const slot = slots.empty() ? nullptr : &slots[index % slots.size()];
      WaveMemory const memory(arena, slot, engine.mapping());

      if (alone) {
        failure.guard_unless_failed([&] { reader.wait_for(index); });
        if (index % kWavesAlone == 0) agree("read");
      } else {
        // A collective engine needs every rank, including one that failed to place the previous wave.
        failure.guard([&] { reader.wait_for(index); });
        agree("read");
      }

      {
        ScopeTimer const timer(times.exchange_seconds);
        failure.guard_unless_failed([&] {
          TraceScope const trace("pack", index);
          pack(wave, memory, slot, space);
        });
        if (exchanges) {
          agree("exchange");
          TraceScope const trace("exchange", index);
          exchange(wave, memory, messages);
        }
      }
      {
        ScopeTimer const timer(times.place_seconds);
        TraceScope const trace("place", index);
        failure.guard_unless_failed([&] { place(wave, memory, engine.mapping() != nullptr, overflows, space); });
      }
      reader.release(index);
    }
    agree("place");
  } catch (...) {
    // All ranks have agreed to stop. The arenas must exist until no rank writes to another's any more.
    reader.stop();
    if (options.peers != nullptr) control.barrier();
    throw;
  }
  times.read_seconds = reader.busy_seconds();
  times.read_bytes = reader.read_bytes();
  times.overflows = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), overflows)();
  return times;
}

}  // namespace distload
