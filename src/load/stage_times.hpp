/// StageTimes: when the stages of each wave ran on their streams.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <distload/base/bytes.hpp>

#include "device/device.hpp"

namespace distload {

/// The stages of a wave that streams carry out.
enum class WaveStage : std::uint8_t { upload, pack, exchange, place };

class StageTimes {
 public:
  static constexpr std::size_t kStages = 4;

  /// Makes what is needed for all waves.
  StageTimes(Device& device, std::size_t waves)
      : waves_(waves), begin_(std::chrono::steady_clock::now()), times_(device.make_timestamps(waves * kStages * 2)) {}

  /// Marks the begin of a stage now and its end when it is destroyed.
  class Scope {
   public:
    Scope(Timestamps& times, Stream& stream, std::size_t number) : times_(times), stream_(stream), number_(number) {
      times_.record(stream_, number_);
    }
    ~Scope() { times_.record(stream_, number_ + 1); }
    Scope(Scope const&) = delete;
    Scope& operator=(Scope const&) = delete;

   private:
    Timestamps& times_;
    Stream& stream_;
    std::size_t number_;
  };

  Scope scope(Stream& stream, WaveStage stage, std::uint32_t wave) { return {*times_, stream, number_of(stage, wave)}; }

  struct Interval {
    double begin_seconds = 0;  ///< since the object was made
    double end_seconds = 0;
  };
  /// When a stage of a wave ran; nothing if it had nothing to do. Valid when the streams are synchronised.
  std::optional<Interval> interval(WaveStage stage, std::uint32_t wave) const;
  /// Sum over all waves.
  double seconds(WaveStage stage) const;
  /// Records what has run of a wave for `report.trace`.
  /// @param nbytes  by stage; 0 if not known
  void trace(std::uint32_t wave, std::array<Bytes, kStages> const& nbytes) const;

 private:
  std::size_t number_of(WaveStage stage, std::uint32_t wave) const noexcept {
    return (wave * kStages + static_cast<std::size_t>(stage)) * 2;
  }

  std::size_t waves_;
  std::chrono::steady_clock::time_point begin_;
  std::unique_ptr<Timestamps> times_;
};

}  // namespace distload
