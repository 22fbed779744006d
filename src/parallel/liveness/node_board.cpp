// An MPI shared-memory window that is accessed only through lock-free atomics and therefore needs no MPI epochs.
#include "parallel/liveness/node_board.hpp"

#include <memory>
#include <new>

#include <unistd.h>

#include "parallel/mpi_check.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

// The header has its own cache line before the entries.
constexpr std::size_t kEntriesOffset = alignof(NodeBoard::Entry);

}  // namespace

NodeBoard::NodeBoard(MpiCommunicator& node, std::uint32_t job_rank) : own_(node.rank()) {
  bool const leads = node.rank() == 0;
  // One additional entry, because MPI does not guarantee alignment to a cache line.
  auto const nbytes = leads ? kEntriesOffset + (node.size() + 1) * sizeof(Entry) : 0;
  void* mine = nullptr;
  DISTLOAD_MPI(
      MPI_Win_allocate_shared(static_cast<MPI_Aint>(nbytes), 1, MPI_INFO_NULL, node.native(), &mine, &window_));

  MPI_Aint size = 0;
  int unit = 0;
  void* begin = nullptr;
  DISTLOAD_MPI(MPI_Win_shared_query(window_, 0, &size, &unit, &begin));

  // Every rank maps the memory at another address, but at page granularity, so that all compute the same aligned
  // offset.
  auto space = static_cast<std::size_t>(size);
  auto* const bytes = static_cast<std::byte*>(std::align(alignof(Entry), space - alignof(Entry), begin, space));
  static_assert(kEntriesOffset >= sizeof(Header));
  header_ = reinterpret_cast<Header*>(bytes);
  entries_ = {reinterpret_cast<Entry*>(bytes + kEntriesOffset), node.size()};
  if (leads) {
    new (header_) Header{};
    for (auto& entry : entries_) new (&entry) Entry{};
  }
  node.barrier();
  entries_[own_].job_rank = job_rank;
  entries_[own_].process = getpid();
  node.barrier();
  of_process_ = this;
}

void NodeBoard::close() {
  of_process_ = nullptr;
  entries_ = {};
  header_ = nullptr;
  DISTLOAD_MPI(MPI_Win_free(&window_));
}

}  // namespace distload
