// Stores copies and their loops in separate arrays.
#include "plan/planned_copies.hpp"

#include <algorithm>

namespace distload {

PlannedCopy PlannedCopies::Iterator::operator*() const {
  PlannedCopy planned{entry_->source, entry_->destination, {}, entry_->cast};
  auto& copy = planned.copy;
  copy.source_offset = entry_->source_offset;
  copy.destination_offset = entry_->destination_offset;
  copy.run_bytes = entry_->run_bytes;
  copy.loop_count = entry_->loop_count;
  std::copy_n(loop_, entry_->loop_count, copy.loops.begin());
  return planned;
}

void PlannedCopies::push_back(PlannedCopy const& planned) {
  auto const& copy = planned.copy;
  entries_.push_back({copy.source_offset, copy.destination_offset, copy.run_bytes, planned.source, planned.destination,
                      copy.loop_count, planned.cast});
  loops_.insert(loops_.end(), copy.loops.begin(), copy.loops.begin() + copy.loop_count);
}

void PlannedCopies::shrink_to_fit() {
  entries_.shrink_to_fit();
  loops_.shrink_to_fit();
}

}  // namespace distload
