// Reads waves on a thread.
#include "load/wave_reader.hpp"

#include <chrono>
#include <vector>

#include <distload/base/error.hpp>

#include "base/scope_timer.hpp"
#include "base/trace.hpp"
#include "load/scatter.hpp"
#include "plan/rank_work.hpp"

namespace distload {

WaveReader::WaveReader(LoadPlan const& plan, Engine& engine, Arena const& arena, Staging const& staging,
                       PeerMemory const* peers, ReadOptions options, WaitForSlot wait_for_slot, bool ahead)
    : plan_(plan),
      engine_(engine),
      arena_(arena),
      staging_(staging),
      peers_(peers),
      options_(std::move(options)),
      wait_for_slot_(std::move(wait_for_slot)) {
  auto const report = options_.on_progress;
  options_.on_progress = [this, report](Bytes bytes) {
    {
      std::lock_guard const lock(mutex_);
      if (stops_) throw InternalError("reading was given up because another part of the load failed");
    }
    read_bytes_ += bytes;
    report(bytes);
  };
  options_.on_skipped = [this](Bytes bytes) { deferred_bytes_ += bytes; };
  if (ahead) thread_ = std::thread([this] { read_all_waves(); });
}

void WaveReader::stop() noexcept {
  {
    std::lock_guard const lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

AreaAddresses WaveReader::addresses_of(std::uint32_t wave) const {
  auto const* const mapping = engine_.mapping();
  return {.arena = arena_.data(),
          .staging = staging_.slots() == 0 ? nullptr : staging_.host(slot_of(wave)),
          .mapped = mapping == nullptr ? nullptr : mapping->data()};
}

void WaveReader::read(std::uint32_t wave) {
  if (staging_.slots() > 0) wait_for_slot_(slot_of(wave));
  auto const start = std::chrono::steady_clock::now();
  TraceScope trace("read", wave);
  std::vector<ReadRequest> requests;
  auto const& reads = plan_.work->waves[wave].reads;
  requests.reserve(reads.size());
  auto const addresses = addresses_of(wave);
  for (auto const& read : reads) {
    auto* const destination = addresses.at(read.area, read.offset_bytes);
    requests.push_back({read.extent, read.begin_bytes, read.nbytes, destination, requests.size()});
    trace.add_bytes(read.nbytes);
  }
  Scatter scatter(plan_.work->waves[wave], plan_.rank, arena_.data(), peers_);
  options_.on_bytes = [&scatter](std::span<PassingBytes const> passing) { scatter.take(passing); };
  engine_.read(requests, options_);
  busy_seconds_ += seconds_since(start);
}

void WaveReader::read_all_waves() {
  try {
    for (std::uint32_t wave = 0; wave < plan_.work->waves.size(); ++wave) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stops_ || wave < waves_released_ + staging_.slots(); });
        if (stops_) return;
      }
      read(wave);
      {
        std::lock_guard const lock(mutex_);
        ++waves_read_;
      }
      changed_.notify_all();
    }
  } catch (...) {
    {
      std::lock_guard const lock(mutex_);
      failure_ = std::current_exception();
    }
    changed_.notify_all();
  }
}

void WaveReader::wait_for(std::uint32_t wave) {
  if (!thread_.joinable()) {
    read(wave);
    return;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waves_read_ > wave || failure_ != nullptr; });
  if (waves_read_ <= wave) std::rethrow_exception(failure_);
}

void WaveReader::release(std::uint32_t wave) {
  {
    std::lock_guard const lock(mutex_);
    waves_released_ = wave + 1;
  }
  changed_.notify_all();
}

}  // namespace distload
