/// WatchChannel: messages from the watchdogs of one node to those of the node of rank 0.
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

/// Datagrams (UDP over IPv4), because MPI may be what is stuck, and because nothing can wait in them. Lost ones do not
/// matter: the next comes soon. Where a network lets none through, nodes know only themselves, and say so.
///
/// Owns a socket. After the constructor it is used by one thread at a time.
class WatchChannel {
 public:
  /// Collective over `world`, all ranks of the job. `node_of`: the node of every rank, counted from that of rank 0;
  /// `hosts`: its name.
  WatchChannel(Communicator& world, std::vector<std::uint32_t> const& node_of, std::vector<std::string> const& hosts);
  ~WatchChannel();
  WatchChannel(WatchChannel const&) = delete;
  WatchChannel& operator=(WatchChannel const&) = delete;

  bool is_with_rank_0() const noexcept { return is_with_rank_0_; }

  /// With rank 0: the ranks of the other nodes, ordered by rank, as they were last heard of; answers who has reported.
  std::vector<RankState> const& receive();

  /// Elsewhere: tells the node of rank 0 about the ranks of this one.
  void report(std::span<RankState const> states);

  /// Elsewhere: true if that node has answered since the last call.
  bool take_answers();

  /// The ranks with rank 0 that reports go to, and their host.
  std::vector<std::pair<std::uint32_t, std::string>> const& receivers() const noexcept { return receivers_; }

 private:
  bool send(std::span<std::byte const> bytes, sockaddr_in const& to) const noexcept;
  void take_report(std::span<std::byte const> bytes);

  int socket_ = -1;
  std::uint64_t token_ = 0;  ///< of this job: others' datagrams are ignored
  bool is_with_rank_0_;
  std::vector<std::pair<std::uint32_t, std::string>> receivers_;
  std::vector<std::vector<sockaddr_in>> addresses_;  ///< of each receiver; only the one that has answered, once one has
  std::vector<RankState> others_;
  std::map<std::uint32_t, std::size_t> places_;  ///< of a rank in `others_`
};

}  // namespace distload
