/// Audiences: the sets of ranks that hold the same of some parameters, each written down once.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/partition/topology.hpp>

#include "plan/holders.hpp"

namespace distload {

/// Index of an audience, in the order in which the parameters name them: the same on every rank.
using AudienceId = std::uint32_t;

/// A holder group of parameters on the same stages, with what all of its ranks have alike.
struct Audience {
  std::vector<std::uint32_t> ranks;  ///< ascending; never empty
  Bytes resident_bytes = 0;
  Bytes view_bytes = 0;      ///< of them, of views
  Bytes received_bytes = 0;  ///< by each rank, counting also what a rank had read itself
};

class Audiences {
 public:
  explicit Audiences(Topology const& topology) : topology_(topology) {}

  /// The audiences of the groups of `holders`, on these stages.
  std::vector<AudienceId> of(Holders const& holders, std::vector<std::uint32_t> const& stages);

  Audience& operator[](AudienceId id) { return audiences_[id]; }
  Audience const& operator[](AudienceId id) const { return audiences_[id]; }
  std::span<Audience const> all() const noexcept { return audiences_; }

 private:
  using Key = std::tuple<std::uint32_t /*first part*/, std::uint32_t /*parts of the group*/,
                         std::uint32_t /*of how many*/, std::vector<std::uint32_t> /*stages*/>;

  Topology topology_;
  std::vector<Audience> audiences_;
  std::map<Key, AudienceId> ids_;
};

}  // namespace distload
