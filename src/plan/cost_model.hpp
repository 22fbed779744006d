/// choose_strategy: which way of distributing a shared piece is cheapest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <distload/base/bytes.hpp>
#include <distload/config/config.hpp>

namespace distload {

/// How bytes that several ranks want get to them.
enum class Strategy : std::uint8_t {
  straight,          ///< only one rank wants them: it reads them
  two_phase,         ///< cut into pieces, each read by one of the ranks and sent to the others
  broadcast,         ///< read by one rank and sent to the others
  every_rank_reads,  ///< each rank reads what it wants, more than once from storage
  scatter,           ///< one rank of a node reads, and writes to the shards of all ranks of the node that want some
  mapped,            ///< files are mapped: each rank takes what it wants from memory that its node's ranks share
};

/// "straight", "two_phase", ...
std::string_view name_of(Strategy strategy) noexcept;

/// What the choice depends on: the bytes of a shared stretch, and who wants how much of it.
struct SharedRead {
  Bytes nbytes = 0;           ///< stored
  std::uint64_t readers = 1;  ///< ranks that want some of it
  std::uint64_t pieces = 1;   ///< block-aligned pieces that it can be cut into
  Bytes wanted_bytes = 0;     ///< sum over the ranks, own part included
  Bytes reread_bytes = 0;     ///< what storage would deliver if each rank read for itself
};

/// Predicted seconds of one strategy.
double seconds_of(Strategy strategy, SharedRead const& shared, CostModel const& cost) noexcept;

/// The cheapest strategy; on a tie the one with less read from storage.
Strategy choose_strategy(SharedRead const& shared, CostModel const& cost) noexcept;

/// "two_phase: 1.2 ms; broadcast 2.0 ms; every_rank_reads 3.1 ms"
std::string explain(SharedRead const& shared, CostModel const& cost);

}  // namespace distload
