/// what_fits: the topologies on which a model needs no more memory per rank than there is. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <distload/base/bytes.hpp>
#include <distload/base/topology.hpp>

namespace distload {

/// A topology and what the rank needs that needs most there.
struct Fit {
  Topology topology;
  Bytes needed_bytes = 0;
};

/// Nothing where none of the topologies that were tried fits.
struct WhatFits {
  std::optional<Fit> same_ranks;  ///< with as many ranks: fewer replicas
  std::optional<Fit> tensor;      ///< the smallest `tensor_parallel`, all else as it is
  std::optional<Fit> pipeline;    ///< the smallest `pipeline_parallel`, all else as it is
  std::optional<Fit> fewest;      ///< the fewest ranks that hold the model once
};

/// What is searched.
struct FitSearch {
  Topology topology;         ///< that does not fit
  Bytes limit = 0;           ///< of a rank
  Bytes least_total = 0;     ///< that all ranks of one replica need together at least
  std::uint32_t layers = 1;  ///< the most pipeline stages
  std::uint32_t most_ranks = 8192;
  std::uint32_t most_tries = 200;  ///< calls of `needed`
};

/// Searches from the fewest ranks on.
/// @param needed  what the rank needs that needs most; nothing if the model cannot be cut like that
WhatFits what_fits(FitSearch const& search, std::function<std::optional<Bytes>(Topology const&)> const& needed);

}  // namespace distload
