/// NodeReaders: selects the rank that reads a piece on each node where ranks want it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/current_parameter.hpp"
#include "plan/ledger/ledger.hpp"
#include "plan/plan_request.hpp"

namespace distload {

struct NodeReader {
  std::uint32_t rank = 0;
  std::uint32_t wave = 0;
};

class NodeReaders {
 public:
  /// All arguments outlive the object.
  NodeReaders(PlanRequest const& request, Ledger& ledger) : request_(request), ledger_(ledger) {}

  /// Selects the rank that has read least on each node, and counts its read. The result is valid until the next call.
  std::span<NodeReader const> choose(CurrentParameter const& parameter, ReadPiece const& piece);

 private:
  std::uint32_t wave_of(std::uint32_t reader, CurrentParameter const& parameter, ReadPiece const& piece);
  void find_least_loaded(CurrentParameter const& parameter, ReadPiece const& piece);

  PlanRequest const& request_;
  Ledger& ledger_;
  std::vector<std::optional<std::uint32_t>> least_loaded_;  ///< by node
  std::vector<NodeReader> readers_;
};

}  // namespace distload
