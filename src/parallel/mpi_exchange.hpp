/// MpiExchange: the point-to-point messages of one grouped exchange, cut to MPI's counts, and the check that each came
/// whole.
#pragma once

#include <cstdint>
#include <vector>

#include <mpi.h>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload::detail {

/// Started messages; `complete` must be called unless an exception leaves the job behind anyway.
class MpiExchange {
 public:
  /// Both sides cut a message at the same multiples of `max_message_bytes`; MPI keeps the order of messages between two
  /// ranks.
  MpiExchange(MPI_Comm comm, Bytes max_message_bytes) : comm_(comm), max_message_bytes_(max_message_bytes) {}

  void send(Send const& message);
  void receive(Receive const& message);

  /// Returns when all buffers may be used again.
  /// @throws CommunicationError  MPI failed, or a peer sent another length than was expected; names the peer.
  void complete();

 private:
  /// What one request stands for, to name it when it fails.
  struct Part {
    std::uint32_t peer;
    int nbytes;
    bool received;
  };

  MPI_Comm comm_;
  Bytes max_message_bytes_;
  std::vector<MPI_Request> requests_;
  std::vector<Part> parts_;  // one per request
};

}  // namespace distload::detail
