// Non-blocking messages and what became of them.
#include "parallel/mpi_exchange.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <distload/base/error.hpp>

#include "parallel/mpi_check.hpp"

namespace distload::detail {
namespace {

// One tag suffices: between two ranks MPI matches messages in the order in which they were started.
constexpr int kTag = 1;

}  // namespace

void MpiExchange::send(Send const& message) {
  for (Bytes begin = 0; begin < message.nbytes; begin += max_message_bytes_) {
    auto const nbytes = static_cast<int>(std::min(max_message_bytes_, message.nbytes - begin));
    MPI_Request request = MPI_REQUEST_NULL;
    DISTLOAD_MPI(
        MPI_Isend(message.data + begin, nbytes, MPI_BYTE, static_cast<int>(message.peer), kTag, comm_, &request));
    requests_.push_back(request);
    parts_.push_back({message.peer, nbytes, false});
  }
}

void MpiExchange::receive(Receive const& message) {
  for (Bytes begin = 0; begin < message.nbytes; begin += max_message_bytes_) {
    auto const nbytes = static_cast<int>(std::min(max_message_bytes_, message.nbytes - begin));
    MPI_Request request = MPI_REQUEST_NULL;
    DISTLOAD_MPI(
        MPI_Irecv(message.data + begin, nbytes, MPI_BYTE, static_cast<int>(message.peer), kTag, comm_, &request));
    requests_.push_back(request);
    parts_.push_back({message.peer, nbytes, true});
  }
}

void MpiExchange::complete() {
  std::vector<MPI_Status> statuses(requests_.size());
  int const result = MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), statuses.data());
  if (result != MPI_SUCCESS && result != MPI_ERR_IN_STATUS) check_mpi(result, "MPI_Waitall", {__FILE__, __LINE__});
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    auto const& part = parts_[i];
    // The standard sets the error field only if the call as a whole says so.
    auto const status = result == MPI_SUCCESS ? MPI_SUCCESS : statuses[i].MPI_ERROR;
    if (status != MPI_SUCCESS && status != MPI_ERR_PENDING) {
      throw CommunicationError("a message of " + std::to_string(part.nbytes) + " bytes " +
                               (part.received ? "from" : "to") + " rank " + std::to_string(part.peer) +
                               " failed: " + mpi_error_text(status));
    }
    if (!part.received) continue;
    int arrived = 0;
    DISTLOAD_MPI(MPI_Get_count(&statuses[i], MPI_BYTE, &arrived));
    if (arrived != part.nbytes) {
      throw CommunicationError("rank " + std::to_string(part.peer) + " sent " + std::to_string(arrived) +
                               " bytes where " + std::to_string(part.nbytes) + " were expected");
    }
  }
  requests_.clear();
  parts_.clear();
}

}  // namespace distload::detail
