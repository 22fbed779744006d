// Initialises and finalises MPI.
#include <distload/parallel/mpi_environment.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <mpi.h>

#include <distload/base/error.hpp>

#include "base/log.hpp"
#include "base/system.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/background_work.hpp"
#include "parallel/job_hosts.hpp"
#include "parallel/liveness/node_board.hpp"
#include "parallel/liveness/watch_channel.hpp"
#include "parallel/mpi_check.hpp"
#include "parallel/mpi_communicator.hpp"
#include "parallel/mpi_versions.hpp"
#include "parallel/node_numbers.hpp"

namespace distload {
namespace {

/// Collective: the host of every rank.
std::vector<std::string> gather_hosts(Communicator& world) {
  constexpr std::size_t kMostBytes = 64;
  using Name = std::array<char, kMostBytes>;
  Name own{};
  host_name().copy(own.data(), own.size() - 1);
  std::vector<std::string> hosts;
  for (auto const& name : all_gathered(world, own)) hosts.emplace_back(name.data());
  return hosts;
}

Communicator& still_there(Communicator* ranks) {
  if (ranks == nullptr) throw ConfigError("MpiEnvironment is used after its finalize");
  return *ranks;
}

}  // namespace

MpiEnvironment::MpiEnvironment() : exceptions_under_way_(std::uncaught_exceptions()) {
  int initialized = 0;
  DISTLOAD_MPI(MPI_Initialized(&initialized));
  int provided = 0;
  if (initialized == 0) {
    io_component_ = choose_io_component();
    DISTLOAD_MPI(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided));
    owns_mpi_ = true;
    // Some calls report errors to the handler of MPI_COMM_WORLD for any communicator. In a program of others that
    // handler must not be changed.
    DISTLOAD_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  } else {
    DISTLOAD_MPI(MPI_Query_thread(&provided));
  }
  is_thread_multiple_ = provided == MPI_THREAD_MULTIPLE;
  library_version_ = mpi_library_version();
  if (io_component_.empty()) io_component_ = chosen_io_component();

  world_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  failure_ranks_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  node_ = world_->split_by_node();
  board_ = std::make_unique<NodeBoard>(*node_, world_->rank());
  world_->set_heartbeat(&board_->own());
  node_->set_heartbeat(&board_->own());

  auto const hosts = gather_hosts(*world_);
  set_job_hosts(hosts);
  auto const nodes = number_nodes(*world_, *node_);
  board_->set_node_number(nodes[world_->rank()]);
  bool const is_one_node = std::all_of(nodes.begin(), nodes.end(), [](auto node) { return node == 0; });
  if (!is_one_node) channel_ = std::make_unique<WatchChannel>(*world_, nodes, hosts);
}

MpiEnvironment::~MpiEnvironment() {
  if (world_ == nullptr) return;
  // A save whose Saver lives longer uses the board.
  BackgroundWork::wait_for_all();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0 && std::uncaught_exceptions() == exceptions_under_way_) {
    try {
      release();
      return;
    } catch (CommunicationError const& error) {
      log().error(std::string("MPI does not end: ") + error.what());
    }
  }
  // Communicators that are not freed stay with MPI.
  for (auto* const group : {world_.get(), failure_ranks_.get(), node_.get()}) {
    if (group != nullptr) group->abandon();
  }
}

void MpiEnvironment::finalize() {
  still_there(world_.get());
  BackgroundWork::check_none();
  if (board_->is_watched()) throw ConfigError("a Watchdog watches this rank: destroy it before MPI ends");
  release();
}

void MpiEnvironment::release() {
  world_->set_heartbeat(nullptr);
  node_->set_heartbeat(nullptr);
  set_job_hosts({});
  channel_.reset();
  board_->close();
  board_.reset();
  node_.reset();
  failure_ranks_.reset();
  world_.reset();
  if (owns_mpi_) DISTLOAD_MPI(MPI_Finalize());
}

Communicator& MpiEnvironment::world() { return still_there(world_.get()); }

Communicator& MpiEnvironment::node() { return still_there(node_.get()); }

}  // namespace distload
