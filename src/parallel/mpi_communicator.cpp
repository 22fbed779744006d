// Communicator over MPI.
#include "parallel/mpi_communicator.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <exception>
#include <limits>
#include <thread>

#include <distload/base/error.hpp>

#include "parallel/all_gathered.hpp"
#include "parallel/liveness/backoff.hpp"
#include "parallel/machine_identity.hpp"
#include "parallel/mpi_check.hpp"
#include "parallel/mpi_exchange.hpp"

namespace distload {
namespace {

MPI_Op mpi_operation(Reduction reduction) {
  switch (reduction) {
    case Reduction::sum: return MPI_SUM;
    case Reduction::max: return MPI_MAX;
    case Reduction::min: return MPI_MIN;
  }
  return MPI_OP_NULL;
}

void wait_with_backoff(MPI_Request request) {
  Backoff const backoff;
  while (true) {
    int done = 0;
    DISTLOAD_MPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (done != 0) return;
    backoff.wait();
  }
}

}  // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm owned, Options options)
    : comm_(owned), options_(options), exceptions_at_birth_(std::uncaught_exceptions()) {
  assert(options_.piece_bytes > 0 && options_.piece_bytes % 8 == 0);
  assert(options_.piece_bytes <= static_cast<Bytes>(std::numeric_limits<int>::max()));
  DISTLOAD_MPI(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
  int number = 0;
  DISTLOAD_MPI(MPI_Comm_rank(comm_, &number));
  rank_ = static_cast<std::uint32_t>(number);
  DISTLOAD_MPI(MPI_Comm_size(comm_, &number));
  size_ = static_cast<std::uint32_t>(number);
}

std::unique_ptr<MpiCommunicator> MpiCommunicator::duplicate(MPI_Comm original, Options options) {
  MPI_Comm copy = MPI_COMM_NULL;
  DISTLOAD_MPI(MPI_Comm_dup(original, &copy));
  return std::make_unique<MpiCommunicator>(copy, options);
}

MpiCommunicator::~MpiCommunicator() {
  if (comm_ == MPI_COMM_NULL || std::uncaught_exceptions() > exceptions_at_birth_) return;
  int finalized = 0;
  // Errors cannot be reported here, and the handle is released in any case.
  if (MPI_Finalized(&finalized) == MPI_SUCCESS && finalized == 0) MPI_Comm_free(&comm_);
}

void MpiCommunicator::broadcast(std::span<std::byte> bytes, std::uint32_t root) {
  assert(root < size_);
  WaitScope const mark(options_.heartbeat);
  while (!bytes.empty()) {
    auto const part = bytes.first(std::min<std::size_t>(bytes.size(), options_.piece_bytes));
    MPI_Request request = MPI_REQUEST_NULL;
    DISTLOAD_MPI(
        MPI_Ibcast(part.data(), static_cast<int>(part.size()), MPI_BYTE, static_cast<int>(root), comm_, &request));
    wait_with_backoff(request);
    beat();
    bytes = bytes.subspan(part.size());
  }
}

void MpiCommunicator::all_gather(std::span<std::byte const> sent, std::span<std::byte> received) {
  assert(received.size() == sent.size() * size_);
  if (sent.empty()) return;
  if (received.size() <= options_.piece_bytes) {
    WaitScope const mark(options_.heartbeat);
    auto const count = static_cast<int>(sent.size());
    MPI_Request request = MPI_REQUEST_NULL;
    DISTLOAD_MPI(MPI_Iallgather(sent.data(), count, MPI_BYTE, received.data(), count, MPI_BYTE, comm_, &request));
    return wait_with_backoff(request);
  }
  std::vector<Send> sends;
  std::vector<Receive> receives;
  for (std::uint32_t step = 1; step < size_; ++step) {
    // Every rank starts with its next neighbour, which spreads the messages over the targets.
    auto const to = (rank_ + step) % size_;
    auto const from = (rank_ + size_ - step) % size_;
    sends.push_back({to, sent.data(), sent.size()});
    receives.push_back({from, received.data() + from * sent.size(), sent.size()});
  }
  auto* const own = received.data() + rank_ * sent.size();
  if (own != sent.data()) std::memcpy(own, sent.data(), sent.size());
  exchange(sends, receives);
}

template <class T>
void MpiCommunicator::all_reduce_typed(std::span<T> values, MPI_Datatype type, Reduction reduction) {
  WaitScope const mark(options_.heartbeat);
  while (!values.empty()) {
    auto const part = values.first(std::min<std::size_t>(values.size(), options_.piece_bytes / sizeof(T)));
    MPI_Request request = MPI_REQUEST_NULL;
    DISTLOAD_MPI(MPI_Iallreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()), type,
                                mpi_operation(reduction), comm_, &request));
    wait_with_backoff(request);
    beat();
    values = values.subspan(part.size());
  }
}

void MpiCommunicator::all_reduce(std::span<std::uint64_t> values, Reduction reduction) {
  all_reduce_typed(values, MPI_UINT64_T, reduction);
}

void MpiCommunicator::all_reduce(std::span<double> values, Reduction reduction) {
  all_reduce_typed(values, MPI_DOUBLE, reduction);
}

void MpiCommunicator::all_reduce(std::span<float> values, Reduction reduction) {
  all_reduce_typed(values, MPI_FLOAT, reduction);
}

void MpiCommunicator::exchange(std::span<Send const> sends, std::span<Receive const> receives) {
  WaitScope const mark(options_.heartbeat);
  detail::MpiExchange group(comm_, options_.piece_bytes, options_.heartbeat);
  for (auto const& message : receives) group.receive(message);
  for (auto const& message : sends) group.send(message);
  group.complete();
}

void MpiCommunicator::barrier() {
  WaitScope const mark(options_.heartbeat);
  MPI_Request request = MPI_REQUEST_NULL;
  DISTLOAD_MPI(MPI_Ibarrier(comm_, &request));
  wait_with_backoff(request);
}

bool MpiCommunicator::try_barrier(std::chrono::milliseconds limit) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  MPI_Request request = MPI_REQUEST_NULL;
  DISTLOAD_MPI(MPI_Ibarrier(comm_, &request));
  while (true) {
    int all_came = 0;
    DISTLOAD_MPI(MPI_Test(&request, &all_came, MPI_STATUS_IGNORE));
    if (all_came != 0) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::unique_ptr<Communicator> MpiCommunicator::split(std::uint32_t color, std::uint32_t key) {
  WaitScope const mark(options_.heartbeat);
  MPI_Comm part = MPI_COMM_NULL;
  assert(color <= static_cast<std::uint32_t>(std::numeric_limits<int>::max()));
  DISTLOAD_MPI(MPI_Comm_split(comm_, static_cast<int>(color), static_cast<int>(key), &part));
  return std::make_unique<MpiCommunicator>(part, options_);
}

std::unique_ptr<MpiCommunicator> MpiCommunicator::split_by_node() {
  WaitScope const mark(options_.heartbeat);
  MPI_Comm part = MPI_COMM_NULL;
  DISTLOAD_MPI(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, static_cast<int>(rank_), MPI_INFO_NULL, &part));
  return std::make_unique<MpiCommunicator>(part, options_);
}

bool uses_mpi(Communicator const& ranks) noexcept { return dynamic_cast<MpiCommunicator const*>(&ranks) != nullptr; }

bool threads_may_use(Communicator const& ranks) {
  if (!uses_mpi(ranks)) return true;
  int provided = MPI_THREAD_SINGLE;
  DISTLOAD_MPI(MPI_Query_thread(&provided));
  return provided == MPI_THREAD_MULTIPLE;
}

std::uint32_t ranks_on_this_machine(Communicator& ranks) {
  auto const machines = all_gathered(ranks, machine_identity());
  return static_cast<std::uint32_t>(std::ranges::count(machines, machines[ranks.rank()]));
}

bool has_other_ranks(Communicator const& part, Communicator const& ranks) {
  auto const* const of_part = dynamic_cast<MpiCommunicator const*>(&part);
  auto const* const of_ranks = dynamic_cast<MpiCommunicator const*>(&ranks);
  if (of_part == nullptr || of_ranks == nullptr) return false;
  MPI_Group part_group = MPI_GROUP_NULL;
  MPI_Group group = MPI_GROUP_NULL;
  MPI_Group others = MPI_GROUP_NULL;
  DISTLOAD_MPI(MPI_Comm_group(of_part->native(), &part_group));
  DISTLOAD_MPI(MPI_Comm_group(of_ranks->native(), &group));
  DISTLOAD_MPI(MPI_Group_difference(part_group, group, &others));
  bool const has_others = others != MPI_GROUP_EMPTY;
  for (auto* one : {&part_group, &group, &others}) {
    if (*one != MPI_GROUP_EMPTY) DISTLOAD_MPI(MPI_Group_free(one));
  }
  return has_others;
}

bool have_equal_ranks(Communicator const& a, Communicator const& b) {
  auto const* const of_a = dynamic_cast<MpiCommunicator const*>(&a);
  auto const* const of_b = dynamic_cast<MpiCommunicator const*>(&b);
  if (of_a == nullptr || of_b == nullptr) return false;
  int result = MPI_UNEQUAL;
  DISTLOAD_MPI(MPI_Comm_compare(of_a->native(), of_b->native(), &result));
  return result == MPI_IDENT || result == MPI_CONGRUENT;
}

MPI_Comm native_mpi(Communicator const& ranks) {
  auto const* const mpi = dynamic_cast<MpiCommunicator const*>(&ranks);
  if (mpi == nullptr) throw InternalError("an MPI communicator is needed here");
  return mpi->native();
}

}  // namespace distload
