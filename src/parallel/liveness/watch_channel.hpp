/// WatchChannel: messages from the watchdogs of other nodes to those of rank 0's node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <netinet/in.h>

#include <distload/parallel/communicator.hpp>

#include "parallel/liveness/stall_detector.hpp"

namespace distload {

/// Uses UDP datagrams over IPv4, because MPI itself may be stuck and datagrams never block. Lost datagrams do not
/// matter: the next one follows soon. If the network blocks them, each node knows only its own ranks and says so.
///
/// Owns a socket. After construction, one thread at a time may use it.
class WatchChannel {
 public:
  /// Collective over `world`, all ranks of the job. `node_of`: the node number of every rank, counted from rank 0's
  /// node; `hosts`: its host name.
  WatchChannel(Communicator& world, std::vector<std::uint32_t> const& node_of, std::vector<std::string> const& hosts);
  ~WatchChannel();
  WatchChannel(WatchChannel const&) = delete;
  WatchChannel& operator=(WatchChannel const&) = delete;

  bool is_with_rank_0() const noexcept { return is_with_rank_0_; }

  /// On rank 0's node: the last reported states of the other nodes' ranks, ordered by rank. Answers the senders.
  std::vector<RankState> const& receive();

  /// On other nodes: sends the states of this node's ranks to rank 0's node.
  void report(std::span<RankState const> states);

  /// On other nodes: true if rank 0's node has answered since the last call.
  bool take_answers();

  /// The ranks of rank 0's node that receive reports, with their host.
  std::vector<std::pair<std::uint32_t, std::string>> const& receivers() const noexcept { return receivers_; }

 private:
  bool send(std::span<std::byte const> bytes, sockaddr_in const& to) const noexcept;
  void take_report(std::span<std::byte const> bytes);

  int socket_ = -1;
  std::uint64_t token_ = 0;  ///< identifies the job; datagrams with other tokens are ignored
  bool is_with_rank_0_;
  std::vector<std::pair<std::uint32_t, std::string>> receivers_;
  std::vector<std::vector<sockaddr_in>> addresses_;  ///< of each receiver; once one answers, only that address
  std::vector<RankState> others_;
  std::map<std::uint32_t, std::size_t> places_;  ///< index of a rank in `others_`
};

}  // namespace distload
