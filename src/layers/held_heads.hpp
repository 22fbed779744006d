/// HeldHeads: the heads of an attention that a rank computes, and the key heads that they need.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/load/sharded_model.hpp>

#include "layers/bound_shard.hpp"
#include "layers/linear_matrix.hpp"

namespace distload {

/// Of the whole layer, ascending and consecutive.
struct HeldHeads {
  std::vector<std::uint32_t> queries;                        ///< heads of queries
  std::vector<std::uint32_t> keys;                           ///< heads of keys and values that these need
  Kokkos::View<std::uint32_t const*, ShardSpace> key_heads;  ///< by head of queries held: its place in `keys`
};

/// The outputs of a head in a parameter that has the outputs of all heads.
using OutputsOfHead = std::function<Range(std::uint32_t head)>;

/// Of heads with `width` outputs each, one after the other, from output `first` on.
OutputsOfHead heads_of_width(std::uint64_t width, std::uint64_t first = 0);

/// The heads whose outputs this rank's shard has.
/// @throws ConfigError  a part of a head is held, or heads are not consecutive.
HeldHeads held_heads(BoundShard const& queries, OutputsOfHead const& outputs, std::uint32_t heads,
                     std::uint32_t key_heads);

/// The ranges of those heads, in order.
std::vector<Range> outputs_of(std::vector<std::uint32_t> const& heads, OutputsOfHead const& outputs);

/// `part` with the outputs of those heads.
/// @throws ConfigError  as LinearMatrix and BoundShard::check_group.
LinearMatrix heads_matrix(ShardedModel const& model, LinearPart part, std::vector<std::uint32_t> const& heads,
                          OutputsOfHead const& outputs, Communicator const& group);

}  // namespace distload
