/// MpiExchange: the point-to-point messages of one grouped exchange, in pieces that show progress, with a check of each
/// length.
#pragma once

#include <cstdint>
#include <vector>

#include <mpi.h>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/liveness/heartbeat.hpp"

namespace distload::detail {

/// The messages of one exchange. `complete` must be called, unless an exception ends the job anyway.
///
/// Limits the number of pieces under way to or from one rank: otherwise, on a slow link, all pieces would arrive at the
/// end and the link would seem dead.
class MpiExchange {
 public:
  /// Both sides divide a message at the same multiples of `piece_bytes`; MPI keeps the order of messages between two
  /// ranks. Every completed piece is a beat of `heartbeat`, which may be null.
  MpiExchange(MPI_Comm comm, Bytes piece_bytes, Heartbeat* heartbeat)
      : comm_(comm), piece_bytes_(piece_bytes), heartbeat_(heartbeat) {}

  void send(Send const& message);
  void receive(Receive const& message);

  /// Returns when all buffers may be reused.
  /// @throws CommunicationError  MPI failed, or a message had an unexpected length; names the peer.
  void complete();

 private:
  struct Message {
    std::byte* data;
    Bytes nbytes;
  };

  /// All messages in one direction between this rank and another, with the progress of starting them.
  struct Stream {
    std::uint32_t peer = 0;
    bool receives = false;
    std::vector<Message> messages;
    std::size_t next_message = 0;
    Bytes next_byte = 0;
    Bytes bytes_under_way = 0;
  };

  /// The piece of a request.
  struct Piece {
    std::size_t stream;
    int nbytes;
  };

  Stream& stream_of(std::uint32_t peer, bool receives);
  /// Starts as many pieces of a stream as may be under way; the first one may reuse the slot of a completed request.
  void start_pieces(std::size_t stream);
  void start_piece(std::size_t stream_number);
  void check(Piece const& piece, int error, MPI_Status const& status) const;

  MPI_Comm comm_;
  Bytes piece_bytes_;
  Heartbeat* heartbeat_;
  std::vector<Stream> streams_;
  std::vector<std::uint32_t> numbers_;  ///< by 2 x peer + direction: index of the stream plus one
  std::vector<MPI_Request> requests_;
  std::vector<Piece> pieces_;      ///< one per request
  std::vector<std::size_t> idle_;  ///< free indices in both lists
  std::size_t under_way_ = 0;
};

}  // namespace distload::detail
