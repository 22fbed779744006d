// The functions of NCCL. What non-blocking calls do in the background is a job, a thread of its own, as in NCCL.
#include <nccl.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "operation.hpp"
#include "report.hpp"
#include "streams.hpp"

using namespace nccl_double;

/// Never deleted, so that uses after its end are noticed.
struct ncclComm {
  std::shared_ptr<Progress> progress = std::make_shared<Progress>();
  int size = 0;
  int device = 0;
  bool is_blocking = true;
  std::atomic<ncclResult_t> state = ncclInProgress;
  std::thread job;
  enum class Life { open, finalizing, destroyed, aborted } life = Life::open;
  std::uint64_t collectives = 0;
  std::uint64_t operations = 0;
  std::uint64_t splits = 0;

  int rank() const { return progress->rank; }
};

namespace {

/// All communicators of the process.
class Registry {
 public:
  ncclComm* add() {
    std::lock_guard const lock(mutex_);
    return all_.emplace_back(std::make_unique<ncclComm>()).get();
  }
  bool has(ncclComm const* comm) {
    std::lock_guard const lock(mutex_);
    return std::ranges::any_of(all_, [&](auto const& one) { return one.get() == comm; });
  }
  std::size_t left_open() {
    std::lock_guard const lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(all_, [](auto const& one) {
      return one->life == ncclComm::Life::open || one->life == ncclComm::Life::finalizing;
    }));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ncclComm>> all_;
};

Registry& registry() {
  static auto* const the_registry = new Registry;  // threads may use it until the process ends
  return *the_registry;
}

struct Group {
  struct Call {
    ncclComm* comm;
    cudaStream_t stream;
    Task task;
  };
  int depth = 0;
  ncclResult_t error = ncclSuccess;
  std::vector<Call> calls;
};
thread_local Group group;
Group* group_of_main_thread = &group;

/// Runs at the end of a process that exits normally.
__attribute__((destructor)) void check_end() {
  if (group_of_main_thread->depth > 0) misuse("the process ends inside a group");
  if (auto const open = registry().left_open(); open > 0)
    misuse("the process ends with " + std::to_string(open) + " communicators that are neither destroyed nor aborted");
}

std::string named(ncclComm const* comm) {
  return "rank " + std::to_string(comm->rank()) + " of " + std::to_string(comm->size);
}

/// Joins the last job if it has ended.
void join(ncclComm* comm) {
  if (comm->job.joinable()) comm->job.join();
}

/// What is wrong with using `comm` for `call`; ncclSuccess if nothing.
ncclResult_t check_ready(ncclComm* comm, std::string const& call) {
  if (comm == nullptr || !registry().has(comm)) return misuse(call + " of something that is not a communicator");
  if (comm->life == ncclComm::Life::destroyed) return misuse(call + " after ncclCommDestroy");
  if (comm->life == ncclComm::Life::aborted) return misuse(call + " after ncclCommAbort");
  auto const state = comm->state.load();
  if (state == ncclInProgress) return misuse(call + " while " + named(comm) + " is in progress");
  if (state == ncclSuccess) join(comm);
  return state;
}

/// Starts `work` in the background, after which the state is what it returns; blocking communicators wait.
ncclResult_t start(ncclComm* comm, std::function<ncclResult_t()> work) {
  join(comm);
  comm->state = ncclInProgress;
  comm->job = std::thread([comm, work = std::move(work)] {
    use_device(comm->device);
    auto const until = std::chrono::steady_clock::now() + slowness();
    while (std::chrono::steady_clock::now() < until && !comm->progress->is_aborted)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    auto result = ncclInternalError;
    try {
      result = work();
    } catch (std::exception const& error) {
      set_last_error(error.what());
    }
    comm->state = result;
  });
  if (!comm->is_blocking) return ncclInProgress;
  join(comm);
  return comm->state;
}

/// Waits in a job. @returns ncclInternalError if the communicator was aborted.
template <class Condition>
ncclResult_t wait_in_job(ncclComm* comm, Condition const& condition) {
  while (!condition()) {
    if (comm->progress->is_aborted) return ncclInternalError;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return ncclSuccess;
}

/// In a job: joins the group at `place` and waits for the other ranks.
ncclResult_t join_group(ncclComm* comm, GroupPlace place) {
  if (has_fault(FaultKind::absent, comm->rank())) return wait_in_job(comm, [] { return false; });
  auto const shared = std::make_shared<SharedGroup>(place, comm->size);
  auto const ranks = static_cast<std::size_t>(comm->size);
  comm->progress->group = shared;
  comm->progress->sent.assign(ranks, 0);
  comm->progress->received.assign(ranks, 0);
  if (shared->record(comm->rank()).ranks_of_group.exchange(comm->size) != 0)
    return misuse(named(comm) + " is in the group twice");
  for (int rank = 0; rank < comm->size; ++rank) {
    auto& joined = shared->record(rank).ranks_of_group;
    if (auto const ended = wait_in_job(comm, [&] { return joined != 0; }); ended != ncclSuccess) return ended;
    if (joined != comm->size) {
      return misuse("rank " + std::to_string(rank) + " joins a group of " + std::to_string(joined.load()) +
                    " ranks, which for " + named(comm) + " it is not");
    }
  }
  return ncclSuccess;
}

bool is_blocking(ncclConfig_t const* config) { return config == nullptr || config->blocking != 0; }

/// Ends the calls of the group that belong to `comm`.
ncclResult_t launch(ncclComm* comm, cudaStream_t stream, std::vector<Task> tasks) {
  auto const number = ++comm->operations;
  auto const progress = comm->progress;
  ++progress->enqueued;
  return start(comm, [=, tasks = std::move(tasks)]() -> ncclResult_t {
    if (has_fault(FaultKind::error, comm->rank(), number)) {
      enqueue_hang(progress, stream);
      set_last_error("a fault that the test asked for");
      return ncclRemoteError;
    }
    if (has_fault(FaultKind::vanish, comm->rank(), number)) {
      enqueue_hang(progress, stream);
      return ncclSuccess;
    }
    enqueue_tasks(tasks, progress, stream);
    return ncclSuccess;
  });
}

ncclResult_t end_group() {
  auto const calls = std::exchange(group.calls, {});
  if (auto const error = std::exchange(group.error, ncclSuccess); error != ncclSuccess) return error;
  std::vector<ncclComm*> comms;
  for (auto const& call : calls) {
    if (std::ranges::find(comms, call.comm) == comms.end()) comms.push_back(call.comm);
  }
  auto result = ncclSuccess;
  for (auto* const comm : comms) {
    std::vector<Task> tasks;
    cudaStream_t stream = nullptr;
    for (auto const& call : calls) {
      if (call.comm != comm) continue;
      if (!tasks.empty() && call.stream != stream) return misuse("several streams in one group");
      stream = call.stream;
      tasks.push_back(call.task);
    }
    result = launch(comm, stream, std::move(tasks));
  }
  return result;
}

/// Checks a call and adds it to the group, or makes a group of it.
ncclResult_t add(ncclComm* comm, cudaStream_t stream, Task task) {
  auto const name = std::string(name_of(task.operation));
  auto const result = [&]() -> ncclResult_t {
    if (auto const wrong = check_ready(comm, name); wrong != ncclSuccess) return wrong;
    if (comm->life != ncclComm::Life::open) return misuse(name + " after ncclCommFinalize");
    if (!size_of(task.type)) return misuse(name + " of type " + std::to_string(task.type) + ", which does not exist");
    if (task.peer < 0 || task.peer >= comm->size)
      return misuse(name + " with rank " + std::to_string(task.peer) + " of " + std::to_string(comm->size));
    if (stream == nullptr) return misuse(name + " in no stream");
    auto const check = [&](void const* data, std::size_t nbytes) {
      if (nbytes == 0) return ncclSuccess;
      auto const why = why_not_device_memory(data, nbytes, comm->device);
      return why.empty() ? ncclSuccess : misuse(name + " with a pointer to " + why);
    };
    auto const ranks = static_cast<std::size_t>(comm->size);
    bool const reads =
        task.operation != Operation::receive && (task.operation != Operation::broadcast || comm->rank() == task.peer);
    bool const writes = task.operation != Operation::send;
    if (auto const wrong = reads ? check(task.from, task.nbytes()) : ncclSuccess; wrong != ncclSuccess) return wrong;
    auto const written = task.operation == Operation::all_gather ? task.nbytes() * ranks : task.nbytes();
    if (auto const wrong = writes ? check(task.to, written) : ncclSuccess; wrong != ncclSuccess) return wrong;
    if (task.operation != Operation::send && task.operation != Operation::receive) task.number = ++comm->collectives;
    group.calls.push_back({comm, stream, task});
    return ncclSuccess;
  }();
  if (group.depth > 0) {
    if (result != ncclSuccess) group.error = result;
    return result;
  }
  return result == ncclSuccess ? end_group() : result;
}

/// NCCL would only add these to the group.
ncclResult_t check_no_group(std::string const& call) {
  return group.depth > 0 ? misuse(call + " inside a group") : ncclSuccess;
}

/// In a job: exchanges color and key, makes the new groups, and joins this rank's.
ncclResult_t split(ncclComm* parent, std::uint64_t number, int color, int key, ncclComm_t* result, bool blocks) {
  auto& shared = *parent->progress->group;
  auto const entry = [&](int rank) -> RankRecord::Split& { return shared.record(rank).splits[number % 2]; };
  entry(parent->rank()).color = color;
  entry(parent->rank()).key = key;
  entry(parent->rank()).number = number;
  std::vector<std::pair<int, int>> members;  // key and rank in the parent
  for (int rank = 0; rank < parent->size; ++rank) {
    auto const& other = entry(rank);
    if (auto const ended = wait_in_job(parent, [&] { return other.number == number; }); ended != ncclSuccess)
      return ended;
    if (other.color == color) members.emplace_back(other.key, rank);
  }
  if (color == NCCL_SPLIT_NOCOLOR) {
    *result = nullptr;
    return ncclSuccess;
  }
  std::ranges::sort(members);
  auto& first = entry(members.front().second);
  if (members.front().second == parent->rank()) {
    first.place = make_group();
    first.place_number = number;
  }
  auto const ended = wait_in_job(parent, [&] { return first.place_number == number; });
  if (ended != ncclSuccess) return ended;
  auto* const made = registry().add();
  made->size = static_cast<int>(members.size());
  made->progress->rank =
      static_cast<int>(std::ranges::find(members, parent->rank(), &std::pair<int, int>::second) - members.begin());
  made->device = parent->device;
  made->is_blocking = blocks;
  // The abort of the parent ends the set-up of the child.
  auto const place = first.place;
  made->job = std::thread([made, place] { made->state = join_group(made, place); });
  auto const joined = wait_in_job(parent, [&] { return made->state != ncclInProgress; });
  made->progress->is_aborted = joined != ncclSuccess;
  join(made);
  if (joined != ncclSuccess) {
    made->life = ncclComm::Life::aborted;
    return joined;
  }
  *result = made;
  return made->state;
}

}  // namespace

#define DISTLOAD_EXPORT extern "C" __attribute__((visibility("default")))

DISTLOAD_EXPORT ncclResult_t ncclGetVersion(int* result) {
  *result = version();
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static_assert(sizeof(GroupPlace) <= sizeof(ncclUniqueId));
  auto const place = make_group();
  *id = {};
  std::memcpy(id, &place, sizeof place);
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                                    ncclConfig_t* config) {
  if (auto const wrong = check_no_group("ncclCommInitRankConfig"); wrong != ncclSuccess) return wrong;
  if (rank < 0 || rank >= ranks) return misuse("rank " + std::to_string(rank) + " of " + std::to_string(ranks));
  if (has_fault(FaultKind::refuse, rank)) {
    set_last_error("a refusal that the test asked for");
    return ncclSystemError;
  }
  GroupPlace place;
  std::memcpy(static_cast<void*>(&place), &id, sizeof place);
  auto* const made = registry().add();
  made->size = ranks;
  made->progress->rank = rank;
  made->device = current_device();
  made->is_blocking = is_blocking(config);
  *comm = made;
  return start(made, [made, place] { return join_group(made, place); });
}

DISTLOAD_EXPORT ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* result,
                                           ncclConfig_t* config) {
  if (auto const wrong = check_no_group("ncclCommSplit"); wrong != ncclSuccess) return wrong;
  if (auto const wrong = check_ready(comm, "ncclCommSplit"); wrong != ncclSuccess) return wrong;
  if (color < 0 && color != NCCL_SPLIT_NOCOLOR) return misuse("ncclCommSplit with color " + std::to_string(color));
  *result = nullptr;
  auto const number = ++comm->splits;
  bool const blocks = config == nullptr ? comm->is_blocking : is_blocking(config);
  return start(comm, [=] { return split(comm, number, color, key, result, blocks); });
}

DISTLOAD_EXPORT ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  if (!registry().has(comm)) return misuse("ncclCommGetAsyncError of something that is not a communicator");
  if (comm->life == ncclComm::Life::destroyed || comm->life == ncclComm::Life::aborted)
    return misuse("ncclCommGetAsyncError after ncclCommDestroy or ncclCommAbort");
  *state = comm->state;
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  if (auto const wrong = check_no_group("ncclCommFinalize"); wrong != ncclSuccess) return wrong;
  if (auto const wrong = check_ready(comm, "ncclCommFinalize"); wrong != ncclSuccess) return wrong;
  if (comm->life != ncclComm::Life::open) return misuse("a second ncclCommFinalize");
  comm->life = ncclComm::Life::finalizing;
  return start(
      comm, [=] { return wait_in_job(comm, [&] { return comm->progress->completed == comm->progress->enqueued; }); });
}

DISTLOAD_EXPORT ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (auto const wrong = check_no_group("ncclCommDestroy"); wrong != ncclSuccess) return wrong;
  if (auto const wrong = check_ready(comm, "ncclCommDestroy"); wrong != ncclSuccess) return wrong;
  if (comm->life != ncclComm::Life::finalizing) return misuse("ncclCommDestroy before ncclCommFinalize");
  comm->life = ncclComm::Life::destroyed;
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (auto const wrong = check_no_group("ncclCommAbort"); wrong != ncclSuccess) return wrong;
  if (comm == nullptr) return ncclSuccess;
  if (!registry().has(comm)) return misuse("ncclCommAbort of something that is not a communicator");
  if (comm->life == ncclComm::Life::destroyed || comm->life == ncclComm::Life::aborted)
    return misuse("ncclCommAbort after ncclCommDestroy or ncclCommAbort");
  auto const& progress = *comm->progress;
  comm->progress->is_aborted = true;
  join(comm);
  // As NCCL waits for its kernels, which end at once now; not for ever, since the stream may have failed.
  auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (progress.completed != progress.enqueued && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  comm->life = ncclComm::Life::aborted;
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclCommCount(ncclComm_t const comm, int* count) {
  if (auto const wrong = check_ready(comm, "ncclCommCount"); wrong != ncclSuccess) return wrong;
  *count = comm->size;
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclCommUserRank(ncclComm_t const comm, int* rank) {
  if (auto const wrong = check_ready(comm, "ncclCommUserRank"); wrong != ncclSuccess) return wrong;
  *rank = comm->rank();
  return ncclSuccess;
}

DISTLOAD_EXPORT char const* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess: return "no error";
    case ncclUnhandledCudaError: return "unhandled cuda error";
    case ncclSystemError: return "unhandled system error";
    case ncclInternalError: return "internal error";
    case ncclInvalidArgument: return "invalid argument";
    case ncclInvalidUsage: return "invalid usage";
    case ncclRemoteError: return "remote process exited or there was a network error";
    case ncclInProgress: return "NCCL operation in progress";
    default: return "unknown result code";
  }
}

DISTLOAD_EXPORT char const* ncclGetLastError(ncclComm_t) { return last_error(); }

DISTLOAD_EXPORT ncclResult_t ncclGroupStart() {
  ++group.depth;
  return ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclGroupEnd() {
  if (group.depth == 0) return misuse("ncclGroupEnd without ncclGroupStart");
  return --group.depth == 0 ? end_group() : ncclSuccess;
}

DISTLOAD_EXPORT ncclResult_t ncclSend(void const* data, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                                      cudaStream_t stream) {
  return add(comm, stream, {.operation = Operation::send, .from = data, .count = count, .type = type, .peer = peer});
}

DISTLOAD_EXPORT ncclResult_t ncclRecv(void* data, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                                      cudaStream_t stream) {
  return add(comm, stream, {.operation = Operation::receive, .to = data, .count = count, .type = type, .peer = peer});
}

DISTLOAD_EXPORT ncclResult_t ncclBroadcast(void const* from, void* to, size_t count, ncclDataType_t type, int root,
                                           ncclComm_t comm, cudaStream_t stream) {
  return add(comm, stream,
             {.operation = Operation::broadcast, .from = from, .to = to, .count = count, .type = type, .peer = root});
}

DISTLOAD_EXPORT ncclResult_t ncclAllGather(void const* from, void* to, size_t count, ncclDataType_t type,
                                           ncclComm_t comm, cudaStream_t stream) {
  return add(comm, stream, {.operation = Operation::all_gather, .from = from, .to = to, .count = count, .type = type});
}

DISTLOAD_EXPORT ncclResult_t ncclAllReduce(void const* from, void* to, size_t count, ncclDataType_t type,
                                           ncclRedOp_t reduction, ncclComm_t comm, cudaStream_t stream) {
  if (reduction != ncclSum && reduction != ncclMax && reduction != ncclMin)
    return misuse("the double has no reduction " + std::to_string(reduction));
  return add(comm, stream,
             {.operation = Operation::all_reduce,
              .from = from,
              .to = to,
              .count = count,
              .type = type,
              .reduction = reduction});
}
