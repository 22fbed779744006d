/// StreamMessages: exchanges of messages in the order of a stream.
#pragma once

#include <vector>

#include <distload/parallel/communicator.hpp>

#include "device/device.hpp"

namespace distload {

class StreamMessages {
 public:
  StreamMessages() = default;
  virtual ~StreamMessages() = default;
  StreamMessages(StreamMessages const&) = delete;
  StreamMessages& operator=(StreamMessages const&) = delete;

  /// Collective, as Communicator::exchange, but enqueues: buffers are read and written in the order of `stream`. On the
  /// host it returns when the messages are complete.
  /// @throws CommunicationError
  virtual void exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) = 0;

  /// Called while a thread waits for enqueued exchanges.
  /// @throws CommunicationError  one has failed, or does not end in time.
  virtual void check() = 0;
};

/// Messages of a communicator in host memory; by a host function of the stream.
class HostStreamMessages final : public StreamMessages {
 public:
  /// `ranks` outlives the object, and is used by nothing else between an exchange and its end.
  explicit HostStreamMessages(Communicator& ranks) : ranks_(ranks) {}

  void exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) override {
    stream.call([&ranks = ranks_, sends = std::move(sends), receives = std::move(receives)] {
      ranks.exchange(sends, receives);
    });
  }
  void check() override {}

 private:
  Communicator& ranks_;
};

}  // namespace distload
