// Communicator over NCCL. Rules of NCCL that matter here are cited from its user guide,
// https://docs.nvidia.com/deeplearning/nccl/user-guide/docs, and from its source, version 2.28.
#include "parallel/nccl_communicator.hpp"

#include <cassert>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <distload/base/error.hpp>

#include "parallel/all_or_throw.hpp"
#include "parallel/liveness/backoff.hpp"
#include "parallel/mpi_communicator.hpp"
#include "parallel/nccl_functions.hpp"

namespace distload {
namespace {

ncclRedOp_t nccl_operation(Reduction reduction) {
  switch (reduction) {
    case Reduction::sum: return ncclSum;
    case Reduction::max: return ncclMax;
    case Reduction::min: return ncclMin;
  }
  return ncclNumOps;
}

ncclConfig_t non_blocking() {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return config;
}

/// Collective: the identity of the new group, which rank 0 makes. (As bytes: nvcc 13 does not compile templates of
/// ncclUniqueId, which is a structure without a name.)
ncclUniqueId shared_id(Communicator& bootstrap) {
  all_or_throw(bootstrap, "nccl", [] { nccl(); });  // all ranks need the library
  auto const bytes = bytes_of_rank_0(bootstrap, "nccl", [] {
    ncclUniqueId made{};
    DISTLOAD_NCCL(ncclGetUniqueId(&made));
    auto const* const begin = reinterpret_cast<std::byte const*>(&made);
    return std::vector<std::byte>(begin, begin + sizeof made);
  });
  ncclUniqueId id{};
  std::memcpy(&id, bytes.data(), sizeof id);
  return id;
}

NcclCommunicator::Options completed(NcclCommunicator::Options options, Communicator& bootstrap) {
  assert(options.device != nullptr && !options.device->is_host());
  auto const* const mpi = dynamic_cast<MpiCommunicator const*>(&bootstrap);
  if (options.heartbeat == nullptr && mpi != nullptr) options.heartbeat = mpi->heartbeat();
  return options;
}

cudaStream_t native(Stream const& stream) { return static_cast<cudaStream_t>(stream.handle()); }

/// A group of calls. It is ended in any case: inside an open group ncclCommAbort only adds itself to the group, and
/// would do nothing (ncclGroupStartInternal and ncclAsyncLaunch in src/group.cc).
class NcclGroup {
 public:
  NcclGroup() { DISTLOAD_NCCL(ncclGroupStart()); }
  ~NcclGroup() {
    if (is_open_) nccl().ncclGroupEnd();
  }
  NcclGroup(NcclGroup const&) = delete;
  NcclGroup& operator=(NcclGroup const&) = delete;

  /// Starts the calls. Later failures are in the communicator's state.
  void end() {
    is_open_ = false;
    DISTLOAD_NCCL(ncclGroupEnd());
  }

 private:
  bool is_open_ = true;
};

/// Preconditions of `exchange`, checked before the group begins.
template <class Messages>
void check_messages(Messages const& messages, std::uint32_t rank, std::uint32_t size) {
  for (auto const& message : messages) {
    if (message.peer >= size || message.peer == rank || (message.nbytes > 0 && message.data == nullptr))
      throw InternalError("exchange: a message of rank " + std::to_string(rank) + " of " + std::to_string(size) +
                          " with rank " + std::to_string(message.peer) + " is not valid");
  }
}

}  // namespace

NcclCommunicator::NcclCommunicator(Communicator& bootstrap, Options const& options)
    : options_(completed(options, bootstrap)),
      rank_(bootstrap.rank()),
      size_(bootstrap.size()),
      exceptions_at_birth_(std::uncaught_exceptions()) {
  auto const id = shared_id(bootstrap);
  // NCCL's own collective runs in the background, so it is allowed inside all_or_throw.
  all_or_throw(bootstrap, "nccl", [&] {
    stream_ = options_.device->make_stream();  // makes the device current, which becomes NCCL's
    exchanged_ = options_.device->make_event();
    barrier_value_ = options_.device->allocate(sizeof(std::uint64_t));
    auto config = non_blocking();
    ncclComm* made = nullptr;
    DISTLOAD_NCCL(ncclCommInitRankConfig(&made, static_cast<int>(size_), id, static_cast<int>(rank_), &config));
    comm_.reset(made);
  });
}

NcclCommunicator::NcclCommunicator(Handle owned, Options const& options)
    : options_(options),
      barrier_value_(options.device->allocate(sizeof(std::uint64_t))),
      stream_(options.device->make_stream()),
      comm_(std::move(owned)),
      exchanged_(options.device->make_event()),
      exceptions_at_birth_(std::uncaught_exceptions()) {
  query_rank_and_size();
}

NcclCommunicator::~NcclCommunicator() {
  if (comm_ == nullptr || std::uncaught_exceptions() > exceptions_at_birth_) return;
  try {
    close();
  } catch (Error const&) {
    // All operations are complete, so that this failure loses no data; the handle's destructor aborts the rest.
    return;
  }
}

void NcclCommunicator::Abort::operator()(ncclComm* comm) const noexcept { nccl().ncclCommAbort(comm); }

void NcclCommunicator::query_rank_and_size() {
  int number = 0;
  DISTLOAD_NCCL(ncclCommUserRank(comm_.get(), &number));
  rank_ = static_cast<std::uint32_t>(number);
  DISTLOAD_NCCL(ncclCommCount(comm_.get(), &number));
  size_ = static_cast<std::uint32_t>(number);
}

void NcclCommunicator::close() {
  WaitScope const mark(options_.heartbeat);
  settle(comm_.get(), "set-up");
  // "ncclCommFinalize marks the communicator as ncclInProgress ... once all operations are complete, it becomes
  // ncclSuccess"; ncclCommDestroy must follow only then (api/comms.html). Before, it would fail, and leave a group
  // open.
  DISTLOAD_NCCL(ncclCommFinalize(comm_.get()));
  settle(comm_.get(), "finalisation");
  DISTLOAD_NCCL(ncclCommDestroy(comm_.release()));
}

NcclCommunicator::Deadline NcclCommunicator::deadline() const {
  if (options_.heartbeat != nullptr && options_.heartbeat->is_watched()) return Deadline::max();
  return std::chrono::steady_clock::now() + options_.timeout;
}

void NcclCommunicator::fail(std::string_view operation, std::string const& how) const {
  throw CommunicationError("NCCL " + std::string(operation) + " on " + options_.device->name() + ", rank " +
                           std::to_string(rank_) + " of a group of " + std::to_string(size_) + ", " + how);
}

void NcclCommunicator::time_out(std::string_view operation) const {
  fail(operation, fmt::format("did not end within {:g} s", std::chrono::duration<double>(options_.timeout).count()));
}

void NcclCommunicator::or_abort(std::string_view operation, std::function<void()> const& action) {
  if (comm_ == nullptr) fail(operation, "comes after an earlier failure");
  try {
    action();
  } catch (...) {
    comm_.reset();
    throw;
  }
}

bool NcclCommunicator::has_settled(ncclComm* comm, std::string_view operation) const {
  ncclResult_t state = ncclInProgress;
  DISTLOAD_NCCL(ncclCommGetAsyncError(comm, &state));
  if (state == ncclSuccess || state == ncclInProgress) return state == ncclSuccess;
  std::string reason = nccl().ncclGetErrorString(state);
  if (auto const* const last = nccl().ncclGetLastError(comm); last != nullptr && *last != '\0')
    reason.append(": ").append(last);
  fail(operation, "failed: " + reason);
}

void NcclCommunicator::wait_until(std::string_view operation, std::function<bool()> const& is_complete) const {
  auto const until = deadline();
  Backoff const backoff;
  while (!is_complete()) {
    if (std::chrono::steady_clock::now() > until) time_out(operation);
    backoff.wait();
  }
}

void NcclCommunicator::settle(ncclComm* comm, std::string_view operation) const {
  wait_until(operation, [&] { return has_settled(comm, operation); });
}

void NcclCommunicator::enqueue(std::string_view operation, std::function<void()> const& start) {
  WaitScope const mark(options_.heartbeat);
  or_abort(operation, [&] {
    settle(comm_.get(), "set-up");
    start();
    // While the state is ncclInProgress, the operation may not yet be in the stream: nothing that depends on it can be
    // enqueued (usage/groups.html, "Nonblocking Group Operation").
    settle(comm_.get(), operation);
  });
}

void NcclCommunicator::finish(std::string_view operation, std::function<bool()> const& is_complete) {
  WaitScope const mark(options_.heartbeat);
  or_abort(operation, [&] {
    wait_until(operation, [&] {
      if (is_complete()) return true;
      // A failure of a peer is visible only in the communicator's state: the kernel in the stream would wait forever.
      has_settled(comm_.get(), operation);
      return false;
    });
  });
}

void NcclCommunicator::run(std::string_view operation, std::function<void()> const& start) {
  enqueue(operation, start);
  finish(operation, [&] { return stream_->is_done(); });
}

bool NcclCommunicator::is_connected() {
  bool is_connected = false;
  or_abort("set-up", [&] { is_connected = has_settled(comm_.get(), "set-up"); });
  return is_connected;
}

void NcclCommunicator::broadcast(std::span<std::byte> bytes, std::uint32_t root) {
  assert(root < size_);
  run("broadcast", [&] {
    DISTLOAD_NCCL(ncclBroadcast(bytes.data(), bytes.data(), bytes.size(), ncclInt8, static_cast<int>(root), comm_.get(),
                                native(*stream_)));
  });
}

void NcclCommunicator::all_gather(std::span<std::byte const> sent, std::span<std::byte> received) {
  assert(received.size() == sent.size() * size_);
  run("all-gather", [&] {
    DISTLOAD_NCCL(ncclAllGather(sent.data(), received.data(), sent.size(), ncclInt8, comm_.get(), native(*stream_)));
  });
}

void NcclCommunicator::all_reduce(std::span<std::uint64_t> values, Reduction reduction) {
  run("all-reduce", [&] {
    DISTLOAD_NCCL(ncclAllReduce(values.data(), values.data(), values.size(), ncclUint64, nccl_operation(reduction),
                                comm_.get(), native(*stream_)));
  });
}

void NcclCommunicator::all_reduce(std::span<double> values, Reduction reduction) {
  run("all-reduce", [&] {
    DISTLOAD_NCCL(ncclAllReduce(values.data(), values.data(), values.size(), ncclFloat64, nccl_operation(reduction),
                                comm_.get(), native(*stream_)));
  });
}

void NcclCommunicator::all_reduce(std::span<float> values, Reduction reduction) {
  run("all-reduce", [&] {
    DISTLOAD_NCCL(ncclAllReduce(values.data(), values.data(), values.size(), ncclFloat32, nccl_operation(reduction),
                                comm_.get(), native(*stream_)));
  });
}

void NcclCommunicator::enqueue(std::span<Send const> sends, std::span<Receive const> receives, Stream& stream) {
  check_messages(sends, rank_, size_);
  check_messages(receives, rank_, size_);
  enqueue("exchange", [&] {
    NcclGroup group;
    for (auto const& [peer, data, nbytes] : receives) {
      if (nbytes == 0) continue;
      DISTLOAD_NCCL(ncclRecv(data, nbytes, ncclInt8, static_cast<int>(peer), comm_.get(), native(stream)));
    }
    for (auto const& [peer, data, nbytes] : sends) {
      if (nbytes == 0) continue;
      DISTLOAD_NCCL(ncclSend(data, nbytes, ncclInt8, static_cast<int>(peer), comm_.get(), native(stream)));
    }
    group.end();
  });
}

void NcclCommunicator::exchange(std::span<Send const> sends, std::span<Receive const> receives) {
  enqueue(sends, receives, *stream_);
  finish("exchange", [&] { return stream_->is_done(); });
}

void NcclCommunicator::exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) {
  enqueue(sends, receives, stream);
  exchange_deadline_ = deadline();
  stream.record(*exchanged_);
}

void NcclCommunicator::check() {
  or_abort("exchange", [&] {
    has_settled(comm_.get(), "exchange");
    if (std::chrono::steady_clock::now() > exchange_deadline_ && !exchanged_->is_complete()) time_out("exchange");
  });
}

void NcclCommunicator::barrier() {
  auto* const value = reinterpret_cast<std::uint64_t*>(barrier_value_.data());
  all_reduce(std::span(value, 1), Reduction::max);
}

std::unique_ptr<Communicator> NcclCommunicator::split(std::uint32_t color, std::uint32_t key) {
  // "*newcomm should be NCCL_COMM_NULL until comm split fully complete" (src/init.cc): a thread of NCCL writes it. If
  // the split fails, the abort of the parent ends it first.
  ncclComm* made = nullptr;
  auto config = non_blocking();
  try {
    enqueue("split", [&] {
      DISTLOAD_NCCL(ncclCommSplit(comm_.get(), static_cast<int>(color), static_cast<int>(key), &made, &config));
    });
  } catch (...) {
    Handle const complete_after_all(made);
    throw;
  }
  Handle part(made);
  or_abort("split", [&] { settle(part.get(), "split"); });
  return std::unique_ptr<Communicator>(new NcclCommunicator(std::move(part), options_));
}

}  // namespace distload
