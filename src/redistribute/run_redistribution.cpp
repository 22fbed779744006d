// Binds a plan to memory and executes it.
#include "redistribute/run_redistribution.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <Kokkos_Core.hpp>
#include <Kokkos_Profiling_ScopedRegion.hpp>

#include "base/first_failure.hpp"
#include "parallel/all_or_throw.hpp"
#include "redistribute/moved_parts.hpp"
#include "redistribute/released_pages.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;

/// Copies that are enqueued together; between such lists the rank shows that it moves on.
constexpr Bytes kBatchBytes = 64 * kMiB;

/// Copies that are executed together.
struct BoundCopies {
  StepBuilder step;
  Bytes nbytes = 0;

  void add(PlannedCopy const& planned, std::byte const* source, std::byte* destination) {
    step.add({planned.copy, source, destination}, planned.cast);
    nbytes += planned.copy.nbytes();
  }
};

/// What a copy writes, and the gaps between its runs.
ByteRange written_by(PlannedCopy const& planned) {
  auto const& copy = planned.copy;
  auto nbytes = copy.run_bytes;
  if (planned.cast) nbytes = nbytes / size_of(planned.cast->from) * size_of(planned.cast->to);
  for (std::size_t i = 0; i < copy.loop_count; ++i) {
    nbytes += (copy.loops[i].count - 1) * copy.loops[i].destination_stride;
  }
  return {copy.destination_offset, copy.destination_offset + nbytes};
}

/// Executes one rank's part of a plan.
class Runner {
 public:
  Runner(RedistributePlan const& plan, RedistributeMemory const& memory, RunOptions const& options)
      : memory_(memory),
        options_(options),
        overflows_("distload::overflows"),
        staging_(device_of_process(), staging_bytes(plan)) {}

  void read_from_peers(RedistributeWave const& wave) const {
    std::vector<PeerRead> parts;
    for (auto const& copy : wave.peer_copies) {
      parts.clear();
      auto* const target = at(Area::arena, copy.copy.destination_offset);
      for_each_run(copy.copy, [&](Bytes from, Bytes to) {
        parts.push_back({target + (to - copy.copy.destination_offset), from, copy.copy.run_bytes});
      });
      options_.peers->read(copy.rank, parts);
      options_.on_moved(copy.copy.nbytes());
    }
  }

  /// Gives pages to what a wave writes of the target.
  /// @throws OutOfBudget  the device has not so much memory.
  void populate(Wave const& wave) const {
    for (auto const& message : wave.receives) {
      if (message.area == Area::arena) populate({message.offset_bytes, message.offset_bytes + message.nbytes});
    }
    for (auto const copy : wave.places) {
      if (copy.destination == Area::arena) populate(written_by(copy));
    }
  }

  /// Gives pages to the rest of the target: padding.
  void populate_rest() const {
    for (auto const& arena : memory_.target) arena->populate(0, arena->nbytes());
  }

  /// Complete when it returns.
  void copy(PlannedCopies const& planned, char const* label) const {
    BoundCopies bound;
    for (auto const copy : planned) {
      add(copy, bound);
      if (bound.nbytes < kBatchBytes) continue;
      execute(std::exchange(bound, {}), label);
    }
    execute(bound, label);
  }

  void pack_part(PlannedCopy const& planned, std::byte* destination) const {
    BoundCopies bound;
    auto copy = planned;
    copy.copy.source_offset = 0;
    bound.add(copy, at(planned.source, planned.copy.source_offset), destination);
    execute(bound, "distload::pack");
  }

  void exchange(Wave const& wave, Communicator& messages) const {
    std::vector<Send> sends;
    std::vector<Receive> receives;
    Bytes nbytes = 0;
    for (auto const& message : wave.sends) {
      sends.push_back({message.peer, at(message.area, message.offset_bytes), message.nbytes});
      nbytes += message.nbytes;
    }
    for (auto const& message : wave.receives) {
      receives.push_back({message.peer, at(message.area, message.offset_bytes), message.nbytes});
    }
    messages.exchange(sends, receives);
    options_.on_moved(nbytes);
  }

  std::uint64_t overflows() const { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), overflows_)(); }

 private:
  static Bytes staging_bytes(RedistributePlan const& plan) {
    Bytes most = 0;
    for (auto const& wave : plan.waves) most = std::max(most, wave.moves.staging_bytes);
    return most;
  }

  void populate(ByteRange range) const {
    auto const place = place_in(memory_.target, range.begin);
    memory_.target[place.arena]->populate(place.offset_bytes, range.end - range.begin);
  }

  std::byte* at(Area area, Bytes offset) const {
    if (area == Area::staging) return staging_.data() + offset;
    auto const arenas = area == Area::source ? memory_.source : memory_.target;
    auto const place = place_in(arenas, offset);
    return arenas[place.arena]->data() + place.offset_bytes;
  }

  /// Shards may be in several arenas, so that each copy gets its own addresses.
  void add(PlannedCopy planned, BoundCopies& bound) const {
    auto const* const source = at(planned.source, std::exchange(planned.copy.source_offset, 0));
    auto* const destination = at(planned.destination, std::exchange(planned.copy.destination_offset, 0));
    bound.add(planned, source, destination);
  }

  void execute(BoundCopies const& bound, char const* label) const {
    if (bound.nbytes == 0) return;
    run_step(space_, bound.step, overflows_, label);
    options_.on_moved(bound.nbytes);
  }

  RedistributeMemory memory_;
  RunOptions const& options_;
  Space space_;
  OverflowCount overflows_;
  Arena staging_;
};

}  // namespace

std::uint64_t run_redistribution(RedistributePlan const& plan, RedistributeMemory const& memory, Communicator& control,
                                 Communicator& messages, RunOptions const& options) {
  Kokkos::Profiling::ScopedRegion const region("distload::redistribute");
  auto const runner = all_or_throw(control, "allocate", [&] { return Runner(plan, memory, options); });
  ReleasedPages released(memory.source);
  std::optional<MovedParts> parts;
  if (options.verify) {
    all_or_throw(control, "allocate", [&] {
      parts.emplace(plan, [&](PlannedCopy const& copy, std::byte* to) { runner.pack_part(copy, to); });
    });
  }
  // A failure of this rank between two agreements; the next agreement reports it to the others.
  FirstFailure failure;
  auto const agree = [&](char const* phase) { all_or_throw(control, phase, [&] { failure.rethrow(); }); };
  if (options.frees_source) released.add(plan.unused);

  for (auto const& wave : plan.waves) {
    failure.guard_unless_failed([&] {
      fault_point("redistribute_move");
      runner.populate(wave.moves);
      runner.copy(wave.moves.packs, "distload::pack");
    });
    if (plan.has_messages) {
      agree("redistribute_exchange");
      runner.exchange(wave.moves, messages);
    }
    failure.guard_unless_failed([&] {
      if (!wave.peer_copies.empty()) runner.read_from_peers(wave);
      runner.copy(wave.moves.places, "distload::place");
    });
    if (options.verify) {
      agree("redistribute_verify");
      failure.guard([&] { parts->hash(wave); });
      parts->exchange(wave, control);
      failure.guard_unless_failed([&] { parts->compare(wave, *options.target, control.rank()); });
    }
    if (options.frees_source) {
      // No rank frees what others may still read, and none gains more before it has freed.
      agree("redistribute_free");
      released.add(wave.released);
    }
  }
  failure.guard_unless_failed([&] { runner.populate_rest(); });
  agree("redistribute_end");
  return runner.overflows();
}

}  // namespace distload
