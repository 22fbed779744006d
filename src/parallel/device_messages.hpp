/// DeviceMessages: messages between all ranks in the memory of their shards, connected when they are first needed.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "device/device.hpp"
#include "parallel/stream_messages.hpp"

namespace distload {

/// NCCL connects devices, or a double of it emulated ones; the host's ranks are connected already. Connecting NCCL
/// takes seconds, and many loads and redistributions send no messages.
class DeviceMessages {
 public:
  struct Options {
    bool may_share = true;          ///< `topology.share_device`: without messages, ranks may share a device
    std::string how_to_share = {};  ///< added to the refusal of messages between ranks that share a device
    std::chrono::milliseconds timeout{300'000};  ///< of NCCL
  };

  /// Local. `ranks` and `node`, its ranks on this node, are in host memory and outlive the object.
  DeviceMessages(Communicator& ranks, Communicator& node, Options options);
  ~DeviceMessages();
  DeviceMessages(DeviceMessages const&) = delete;
  DeviceMessages& operator=(DeviceMessages const&) = delete;

  /// Collective at the first call: for exchanges of a thread that has waited for its kernels.
  /// @throws CommunicationError  ranks share a device, or NCCL refuses to start; on all ranks.
  Communicator& of_thread();
  /// Collective at the first call: for exchanges in the order of a stream.
  /// @throws CommunicationError  likewise.
  StreamMessages& of_streams();

 private:
  /// Collective at the first call.
  void connect();
  /// Collective: in a CUDA build, refuses ranks that share a device.
  void check_devices();

  Communicator& ranks_;
  [[maybe_unused]] Communicator& node_;  ///< used in a CUDA build
  Options options_;
  bool is_connected_ = false;
  std::unique_ptr<Communicator> nccl_;          ///< null where NCCL does not connect the ranks
  StreamMessages* nccl_in_streams_ = nullptr;   ///< the same object
  std::unique_ptr<Communicator> stream_ranks_;  ///< all ranks, for streams of an emulated device
  std::unique_ptr<StreamMessages> host_in_streams_;
};

}  // namespace distload
