/// LoadMemory: gives the new memory of a load its pages.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>
#include <distload/plan/load_plan.hpp>

#include "base/first_touch.hpp"
#include "base/page_choice.hpp"
#include "load/arena.hpp"
#include "load/staging.hpp"

namespace distload {

/// Collective over `node`: measures which pages are faster, if that is not known and some rank needs much new memory.
/// Does nothing for memory on a device.
/// @param needs_much  some rank needs PageChoice::kComparedBytes or more; the same on all ranks
void compare_pages(PageChoice& choice, bool needs_much, Communicator& node);

/// Exists during one load, as long as its memory is filled. Does nothing for memory on a device. Not movable.
class LoadMemory {
 public:
  /// `device` and `choice` outlive the object.
  LoadMemory(Device& device, PageChoice& choice) : device_(device), choice_(choice) { choice_.restart_report(); }

  /// Collective over `node`: distload::compare_pages, for the memory of a plan.
  void compare_pages(LoadPlan const& plan, Communicator& node);

  /// Starts to populate a new arena on a thread: what this rank's engine does not fill, and all if there are cores for
  /// it (`has_free_cores`).
  void populate(Arena const& arena, LoadPlan const& plan, bool has_free_cores);

  /// Allocates the slots of a plan unless `staging` has them already.
  /// @throws OutOfBudget  not enough memory.
  void fit(std::unique_ptr<Staging>& staging, LoadPlan const& plan);

  /// Populates new memory before this rank writes to it. Called by any thread.
  void prepare(std::span<std::byte const> bytes);

 private:
  Device& device_;
  PageChoice& choice_;
  std::optional<FirstTouch> arena_;
  std::optional<FirstTouch> staging_;
};

}  // namespace distload
