// Decides which memory is populated by whom.
#include "load/load_memory.hpp"

#include <algorithm>
#include <array>

#include "plan/rank_work.hpp"

namespace distload {
namespace {

/// The parts of the arena that this rank's engine fills.
std::vector<std::span<std::byte const>> read_destinations(LoadPlan const& plan, Arena const& arena) {
  std::vector<std::span<std::byte const>> parts;
  for (auto const& wave : plan.work->waves) {
    for (auto const& read : wave.reads) {
      if (read.area == Area::arena) parts.emplace_back(arena.data() + read.offset_bytes, read.nbytes);
    }
  }
  return parts;
}

}  // namespace

void compare_pages(PageChoice& choice, bool needs_much, Communicator& node) {
  if (!device_of_process().is_host() || !needs_much || !choice.needs_measurement()) return;
  // Measured by one rank: the ranks of a node share its memory.
  std::array<PageCosts, 1> costs;
  if (node.rank() == 0) costs.front() = PageChoice::measure();
  node.broadcast(std::as_writable_bytes(std::span(costs)), 0);
  choice.set_costs(costs.front());
}

void LoadMemory::compare_pages(LoadPlan const& plan, Communicator& node) {
  auto const needs_much = std::ranges::any_of(plan.ranks, [](RankLoad const& rank) {
    return rank.resident_bytes - rank.view_bytes >= PageChoice::kComparedBytes;
  });
  distload::compare_pages(choice_, needs_much, node);
}

void LoadMemory::populate(Arena const& arena, LoadPlan const& plan, bool has_free_cores) {
  if (!device_.is_host()) return;
  arena_.emplace(arena.ranges_without(plan.work->views), choice_);
  arena_->start(read_destinations(plan, arena), has_free_cores);
}

void LoadMemory::fit(std::unique_ptr<Staging>& staging, LoadPlan const& plan) {
  Staging::Size size{.slots = plan.slots, .slot_bytes = plan.slot_bytes};
  for (auto const& wave : plan.work->waves) size.read_bytes = std::max(size.read_bytes, wave.read_staging_bytes);
  if (staging && staging->suffices_for(size)) return;
  staging.reset();
  staging = std::make_unique<Staging>(device_, size, choice_.current());
  if (device_.is_host() && plan.slot_bytes > 0) staging_.emplace(std::vector{staging->host_bytes()}, choice_);
}

void LoadMemory::prepare(std::span<std::byte const> bytes) {
  if (arena_) arena_->prepare(bytes);
  if (staging_) staging_->prepare(bytes);
}

}  // namespace distload
