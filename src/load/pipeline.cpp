// The waves of a plan, one after the other, with reading ahead.
#include "load/pipeline.hpp"

#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include "load/staging_slot.hpp"
#include "load/wave_reader.hpp"
#include "parallel/all_or_throw.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total) {}
  ~Stopwatch() { total_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Stopwatch(Stopwatch const&) = delete;
  Stopwatch& operator=(Stopwatch const&) = delete;

 private:
  double& total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Copies between addresses; those with casts and transposes apart.
struct BoundCopies {
  std::vector<BoundCopy> copies;
  std::vector<BoundCast> casts;
  std::vector<BoundCast> transposes;
};

/// One wave's addresses: areas become pointers into the arena and the wave's slot.
class WaveMemory {
 public:
  WaveMemory(Arena const& arena, StagingSlot const* slot)
      : arena_(arena.data()), staging_(slot == nullptr ? nullptr : slot->shard_side()) {}

  std::byte* at(Area area, Bytes offset) const { return (area == Area::arena ? arena_ : staging_) + offset; }

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
  std::byte* arena_;
  std::byte* staging_;
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

}  // namespace

PipelineTimes run_pipeline(LoadPlan const& plan, Engine& engine, Communicator& control, Communicator& messages,
                           Arena const& arena, PipelineOptions const& options) {
  Kokkos::Profiling::ScopedRegion const region("distload::pipeline");
  auto const slots = all_or_throw(control, "allocate", [&] {
    std::vector<StagingSlot> made;
    for (std::uint32_t i = 0; i < plan.slots; ++i) made.emplace_back(plan.slot_bytes);
    return made;
  });
  bool const exchanges = plan.exchanged_bytes > 0;  // of all ranks, so that all agree
  bool const ahead = options.prefetch && !engine.is_collective() && plan.slots > 1;

  PipelineTimes times;
  Kokkos::DefaultExecutionSpace const space;
  OverflowCount const overflows("distload::overflows");
  WaveReader reader(plan, engine, arena, slots, {options.verify, options.on_read}, ahead);
  // What goes wrong on this rank between two agreements; told to the others at the next one.
  std::exception_ptr failure;
  auto const attempt = [&failure](auto const& work) {
    if (failure) return;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  };
  auto const agree = [&](char const* phase) {
    all_or_throw(control, phase, [&] {
      if (failure) std::rethrow_exception(failure);
    });
  };

  for (std::uint32_t index = 0; index < plan.waves.size(); ++index) {
    auto const& wave = plan.waves[index];
    auto const* const slot = slots.empty() ? nullptr : &slots[index % slots.size()];
    WaveMemory const memory(arena, slot);

    // A collective engine needs every rank, also one that has failed to place the wave before.
    auto const placed = std::exchange(failure, nullptr);
    attempt([&] { reader.wait_for(index); });
    if (placed) failure = placed;
    agree("read");

    {
      Stopwatch const stopwatch(times.exchange_seconds);
      attempt([&] {
        if (slot != nullptr) slot->upload(space, wave.staging_bytes);
        enqueue_copies(space, memory.bind(wave.packs).copies, "distload::pack");
        space.fence("distload: packed before it is sent");
      });
      if (exchanges) {
        agree("exchange");
        exchange(wave, memory, messages);
      }
    }
    {
      Stopwatch const stopwatch(times.place_seconds);
      attempt([&] {
        auto const places = memory.bind(wave.places);
        enqueue_copies(space, places.copies, "distload::place");
        enqueue_casts(space, places.casts, overflows, "distload::cast");
        enqueue_transposes(space, places.transposes, overflows, "distload::transpose");
        space.fence("distload: placed before the slot is used again");
      });
    }
    reader.release(index);
  }
  agree("place");
  times.read_seconds = reader.busy_seconds();
  times.read_bytes = reader.read_bytes();
  times.overflows = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), overflows)();
  return times;
}

}  // namespace distload
