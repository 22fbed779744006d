/// choose_strategy: selects the cheapest strategy for bytes that several ranks need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <distload/base/bytes.hpp>
#include <distload/config/config.hpp>

namespace distload {

/// How bytes get from storage to the ranks that want them.
enum class Strategy : std::uint8_t {
  straight,          ///< only one rank wants them: it reads them
  two_phase,         ///< divided into pieces, each read by one rank and sent to the others
  broadcast,         ///< read by one rank and sent to the others
  every_rank_reads,  ///< each rank reads what it wants; storage delivers bytes more than once
  scatter,           ///< one rank of a node reads, and writes to the shards of the node's ranks
  mapped,            ///< files are mapped: each rank copies what it wants from pages that its node's ranks share
};

/// "straight", "two_phase", ...
std::string_view name_of(Strategy strategy) noexcept;

/// What the choice depends on: the size of a segment, and how much of it the ranks want.
struct SharedRead {
  Bytes nbytes = 0;           ///< stored
  std::uint64_t readers = 1;  ///< ranks that want some of it
  std::uint64_t pieces = 1;   ///< block-aligned pieces that it can be divided into
  Bytes wanted_bytes = 0;     ///< sum over the ranks, including the reader's own part
  Bytes reread_bytes = 0;     ///< delivered by storage with `every_rank_reads`
};

/// Predicted seconds of one strategy.
double seconds_of(Strategy strategy, SharedRead const& shared, CostModel const& cost) noexcept;

/// The cheapest strategy; of equally cheap ones, that which reads less from storage.
Strategy choose_strategy(SharedRead const& shared, CostModel const& cost) noexcept;

/// "two_phase: 1.2 ms; broadcast 2.0 ms; every_rank_reads 3.1 ms"
std::string explain(SharedRead const& shared, CostModel const& cost);

}  // namespace distload
