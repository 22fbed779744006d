// Non-blocking messages and their results.
#include "parallel/mpi_exchange.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <distload/base/error.hpp>

#include "parallel/job_hosts.hpp"
#include "parallel/liveness/backoff.hpp"
#include "parallel/mpi_check.hpp"

namespace distload::detail {
namespace {

// One tag suffices: MPI matches the messages between two ranks in the order in which they were started.
constexpr int kTag = 1;

/// Number of pieces of full size under way that keep a fast link busy; more if messages are small.
constexpr Bytes kPiecesUnderWay = 4;

}  // namespace

MpiExchange::Stream& MpiExchange::stream_of(std::uint32_t peer, bool receives) {
  auto const slot = 2 * std::size_t{peer} + (receives ? 1 : 0);
  if (numbers_.size() <= slot) numbers_.resize(slot + 1);
  if (numbers_[slot] == 0) {
    streams_.push_back({peer, receives, {}});
    numbers_[slot] = static_cast<std::uint32_t>(streams_.size());
  }
  return streams_[numbers_[slot] - 1];
}

void MpiExchange::send(Send const& message) {
  // MPI does not write to send buffers.
  if (message.nbytes > 0)
    stream_of(message.peer, false).messages.push_back({const_cast<std::byte*>(message.data), message.nbytes});
}

void MpiExchange::receive(Receive const& message) {
  if (message.nbytes > 0) stream_of(message.peer, true).messages.push_back({message.data, message.nbytes});
}

void MpiExchange::start_pieces(std::size_t stream_number) {
  auto const& stream = streams_[stream_number];
  while (stream.next_message < stream.messages.size() && stream.bytes_under_way < kPiecesUnderWay * piece_bytes_)
    start_piece(stream_number);
}

void MpiExchange::start_piece(std::size_t stream_number) {
  auto& stream = streams_[stream_number];
  auto const& message = stream.messages[stream.next_message];
  auto* const data = message.data + stream.next_byte;
  auto const nbytes = static_cast<int>(std::min(piece_bytes_, message.nbytes - stream.next_byte));
  auto const peer = static_cast<int>(stream.peer);
  MPI_Request request = MPI_REQUEST_NULL;
  if (stream.receives) {
    DISTLOAD_MPI(MPI_Irecv(data, nbytes, MPI_BYTE, peer, kTag, comm_, &request));
  } else {
    DISTLOAD_MPI(MPI_Isend(data, nbytes, MPI_BYTE, peer, kTag, comm_, &request));
  }
  stream.bytes_under_way += static_cast<Bytes>(nbytes);
  stream.next_byte += static_cast<Bytes>(nbytes);
  if (stream.next_byte == message.nbytes) {
    ++stream.next_message;
    stream.next_byte = 0;
  }
  ++under_way_;
  if (idle_.empty()) {
    requests_.push_back(request);
    pieces_.push_back({stream_number, nbytes});
  } else {
    requests_[idle_.back()] = request;
    pieces_[idle_.back()] = {stream_number, nbytes};
    idle_.pop_back();
  }
}

void MpiExchange::check(Piece const& piece, int error, MPI_Status const& status) const {
  auto const& stream = streams_[piece.stream];
  if (error != MPI_SUCCESS && error != MPI_ERR_PENDING) {
    throw CommunicationError("a message of " + std::to_string(piece.nbytes) + " bytes " +
                             (stream.receives ? "from " : "to ") + name_of_rank(comm_, stream.peer) +
                             " failed: " + mpi_error_text(error));
  }
  if (!stream.receives) return;
  int arrived = 0;
  DISTLOAD_MPI(MPI_Get_count(&status, MPI_BYTE, &arrived));
  if (arrived != piece.nbytes) {
    throw CommunicationError(name_of_rank(comm_, stream.peer) + " sent " + std::to_string(arrived) + " bytes where " +
                             std::to_string(piece.nbytes) + " were expected");
  }
}

void MpiExchange::complete() {
  // Receives are started first, so that MPI need not buffer what arrives.
  for (bool const receives : {true, false}) {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (streams_[i].receives == receives) start_pieces(i);
    }
  }
  std::vector<int> done;
  std::vector<MPI_Status> statuses;
  Backoff backoff;
  while (under_way_ > 0) {
    done.resize(requests_.size());
    statuses.resize(requests_.size());
    int count = 0;
    int const result =
        MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, done.data(), statuses.data());
    if (result != MPI_SUCCESS && result != MPI_ERR_IN_STATUS) check_mpi(result, "MPI_Testsome", {__FILE__, __LINE__});
    if (count == 0) {
      backoff.wait();
      continue;
    }
    backoff.renew();
    if (heartbeat_ != nullptr) heartbeat_->beat();
    for (int i = 0; i < count; ++i) {
      auto const place = static_cast<std::size_t>(done[static_cast<std::size_t>(i)]);
      auto const piece = pieces_[place];
      auto const& status = statuses[static_cast<std::size_t>(i)];
      // The standard sets the error field only if the call itself reports an error in the statuses.
      check(piece, result == MPI_SUCCESS ? MPI_SUCCESS : status.MPI_ERROR, status);
      streams_[piece.stream].bytes_under_way -= static_cast<Bytes>(piece.nbytes);
      idle_.push_back(place);
      --under_way_;
      start_pieces(piece.stream);
    }
  }
  streams_.clear();
  numbers_.clear();
  requests_.clear();
  pieces_.clear();
  idle_.clear();
}

}  // namespace distload::detail
