/// WaveReader: reads the waves of a plan in order, as far ahead as there are slots; on its own thread if the engine
/// allows it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include <distload/plan/load_plan.hpp>

#include "io/engines/engine.hpp"
#include "load/area_addresses.hpp"
#include "load/arena.hpp"
#include "load/staging.hpp"
#include "parallel/peer_memory.hpp"

namespace distload {

class WaveReader {
 public:
  /// Waits until the host side of a slot may be written again, after the wave in it was released.
  using WaitForSlot = std::function<void(std::uint32_t slot)>;

  /// All references must outlive the reader. With `ahead`, reading starts at once and wave k + slots waits until wave k
  /// is released. `peers`: the host arenas that the plan writes to, or nullptr.
  WaveReader(LoadPlan const& plan, Engine& engine, Arena const& arena, Staging const& staging, PeerMemory const* peers,
             ReadOptions options, WaitForSlot wait_for_slot, bool ahead);

  ~WaveReader() { stop(); }
  WaveReader(WaveReader const&) = delete;
  WaveReader& operator=(WaveReader const&) = delete;

  /// Stops reading after the current step and joins the thread.
  void stop() noexcept;

  /// Returns when all bytes of `wave` are in place and verified. Must be called for the waves in order.
  /// @throws the engine's exception while reading the wave.
  void wait_for(std::uint32_t wave);

  /// The slot of `wave` may be reused.
  void release(std::uint32_t wave);

  /// Seconds in the engine, and bytes that it read; of these, the ones that stay unread in the mapped files until
  /// somebody uses them. Valid after the last wave.
  double busy_seconds() const noexcept { return busy_seconds_; }
  Bytes read_bytes() const noexcept { return read_bytes_; }
  Bytes deferred_bytes() const noexcept { return deferred_bytes_; }

 private:
  AreaAddresses addresses_of(std::uint32_t wave) const;
  std::uint32_t slot_of(std::uint32_t wave) const noexcept { return wave % staging_.slots(); }
  void read(std::uint32_t wave);
  void read_all_waves();

  LoadPlan const& plan_;
  Engine& engine_;
  Arena const& arena_;
  Staging const& staging_;
  PeerMemory const* peers_;
  ReadOptions options_;
  WaitForSlot wait_for_slot_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t waves_read_ = 0;  // guarded by mutex_, like the next three
  std::uint32_t waves_released_ = 0;
  bool stops_ = false;
  std::exception_ptr failure_;
  double busy_seconds_ = 0;  // written by the reading thread until the last wave is read
  Bytes read_bytes_ = 0;
  Bytes deferred_bytes_ = 0;
  std::thread thread_;
};

}  // namespace distload
