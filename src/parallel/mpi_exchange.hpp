/// MpiExchange: the point-to-point messages of one grouped exchange, in pieces whose arrival shows that it gets on, and
/// the check that each came whole.
#pragma once

#include <cstdint>
#include <vector>

#include <mpi.h>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/liveness/heartbeat.hpp"

namespace distload::detail {

/// Messages that are to travel; `complete` must be called unless an exception leaves the job behind anyway.
///
/// Of the messages to or from one rank only so many pieces are under way at a time: on a slow link they would otherwise
/// all arrive at the end, and it could not be told from a dead one.
class MpiExchange {
 public:
  /// Both sides cut a message at the same multiples of `piece_bytes`; MPI keeps the order of messages between two
  /// ranks. Every piece that has been sent or received is a beat of `heartbeat`, which may be null.
  MpiExchange(MPI_Comm comm, Bytes piece_bytes, Heartbeat* heartbeat)
      : comm_(comm), piece_bytes_(piece_bytes), heartbeat_(heartbeat) {}

  void send(Send const& message);
  void receive(Receive const& message);

  /// Returns when all buffers may be used again.
  /// @throws CommunicationError  MPI failed, or a peer sent another length than was expected; names the peer.
  void complete();

 private:
  struct Message {
    std::byte* data;
    Bytes nbytes;
  };

  /// All messages in one direction between this rank and another, and how far they have been started.
  struct Stream {
    std::uint32_t peer = 0;
    bool receives = false;
    std::vector<Message> messages;
    std::size_t next_message = 0;
    Bytes next_byte = 0;
    Bytes bytes_under_way = 0;
  };

  /// What one request stands for.
  struct Piece {
    std::size_t stream;
    int nbytes;
  };

  Stream& stream_of(std::uint32_t peer, bool receives);
  /// Starts what may be under way of a stream; the request of the first piece may take the place of a done one.
  void start_pieces(std::size_t stream);
  void start_piece(std::size_t stream_number);
  void check(Piece const& piece, int error, MPI_Status const& status) const;

  MPI_Comm comm_;
  Bytes piece_bytes_;
  Heartbeat* heartbeat_;
  std::vector<Stream> streams_;
  std::vector<std::uint32_t> numbers_;  ///< by 2 x peer + direction: the number of its stream, plus one
  std::vector<MPI_Request> requests_;
  std::vector<Piece> pieces_;      ///< one per request
  std::vector<std::size_t> idle_;  ///< places in both that are free
  std::size_t under_way_ = 0;
};

}  // namespace distload::detail
