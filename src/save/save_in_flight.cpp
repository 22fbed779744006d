// The background part of an asynchronous save.
#include "save/save_in_flight.hpp"

#include <utility>

#include <distload/base/error.hpp>

#include "base/scope_timer.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{100};

}  // namespace

SaveInFlight::SaveInFlight(Origin origin, std::unique_ptr<ExtentWriter> writer, SavePlan plan,
                           std::unique_ptr<WaveWriter> waves, SnapshotMemory& memory, Communicator& ranks)
    : origin_(origin),
      total_bytes_(writer->catalog().nbytes()),
      writer_(std::move(writer)),
      plan_(std::move(plan)),
      waves_(std::move(waves)),
      memory_(&memory),
      ranks_(&ranks) {
  memory.reset();
  thread_ = std::thread([this] {
    if (begin_.get_future().get()) run();
    work_.end();
  });
}

SaveInFlight::~SaveInFlight() {
  if (!thread_.joinable()) return;
  if (!has_begun_) begin_.set_value(false);
  thread_.join();
}

void SaveInFlight::take_snapshot() {
  has_begun_ = true;
  begin_.set_value(true);
  copy_waves();
  stall_seconds_ = seconds_since(origin_.start);
}

void SaveInFlight::copy_waves() {
  for (auto const& wave : plan_.waves) {
    auto const packed = memory_->next_to_fill();
    if (!packed) return;
    try {
      waves_->pack(wave, *packed);
    } catch (...) {
      return memory_->complete(std::current_exception());
    }
    memory_->filled();
  }
  memory_->complete();
}

void SaveInFlight::run() {
  try {
    for (auto const& wave : plan_.waves) {
      auto* const packed = all_or_throw(*ranks_, "save_pack", [this] { return memory_->next_filled(); });
      waves_->deliver(wave, packed, *ranks_);
      written_ = writer_->written().handled();
      memory_->emptied();
    }
    writer_->commit();
  } catch (...) {
    failure_ = std::current_exception();
    memory_->stop();
    writer_.reset();  // the unfinished checkpoint is useless
  }
  ended_at_ = std::chrono::steady_clock::now();
  std::lock_guard const lock(mutex_);
  has_ended_ = true;
  end_.notify_all();
}

void SaveInFlight::finish(std::function<void(Bytes)> const& on_progress) {
  Bytes reported = 0;
  {
    std::unique_lock lock(mutex_);
    while (!end_.wait_for(lock, kBetweenLooks, [this] { return has_ended_; })) {
      if (auto const written = written_.load(); written != reported) {
        reported = written;
        on_progress(reported);
      }
    }
  }
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace distload
