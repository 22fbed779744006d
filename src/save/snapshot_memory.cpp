// Two counters and a condition variable.
#include "save/snapshot_memory.hpp"

#include <utility>

namespace distload {

SnapshotMemory::SnapshotMemory(std::size_t slots, Bytes slot_bytes) : slot_bytes_(slot_bytes) {
  if (slots * slot_bytes >= PageChoice::kComparedBytes) choice_.compare();
  slots_.reserve(slots);
  for (std::size_t i = 0; i < slots; ++i) {
    auto const& slot = slots_.emplace_back(slot_bytes, choice_.current());
    pages_.push_back(std::make_unique<FirstTouch>(std::vector{slot.without_pages()}, choice_));
  }
}

void SnapshotMemory::reset() {
  filled_ = 0;
  emptied_ = 0;
  is_complete_ = false;
  failure_ = nullptr;
  stops_ = false;
}

std::optional<std::byte*> SnapshotMemory::next_to_fill() {
  {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [this] { return stops_ || filled_ - emptied_ < slots_.size(); });
    if (stops_) return std::nullopt;
  }
  auto const number = filled_ % slots_.size();  // changed by this thread only
  pages_[number]->prepare(slots_[number].without_pages());
  return slots_[number].data();
}

void SnapshotMemory::filled() {
  std::lock_guard const lock(mutex_);
  ++filled_;
  change_.notify_all();
}

void SnapshotMemory::complete(std::exception_ptr failure) {
  std::lock_guard const lock(mutex_);
  is_complete_ = true;
  failure_ = std::move(failure);
  change_.notify_all();
}

std::byte* SnapshotMemory::next_filled() {
  std::unique_lock lock(mutex_);
  change_.wait(lock, [this] { return is_complete_ || filled_ - emptied_ == slots_.size(); });
  if (emptied_ == filled_) std::rethrow_exception(failure_);
  return slots_[emptied_ % slots_.size()].data();
}

void SnapshotMemory::emptied() {
  std::lock_guard const lock(mutex_);
  ++emptied_;
  change_.notify_all();
}

void SnapshotMemory::stop() {
  std::lock_guard const lock(mutex_);
  stops_ = true;
  change_.notify_all();
}

}  // namespace distload
