/// ProcessGrid: the job's ranks arranged as tensor x data x pipeline, with a communicator for each direction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Does not own `world` and `node`. Members are local.
class ProcessGrid {
 public:
  /// Collective over `world`. `node`: the ranks of `world` on this rank's node, all of which make a grid:
  /// MpiEnvironment::node() or, if `world` was split from MpiEnvironment::world(), a group split from node() with the
  /// same color. Both outlive the grid.
  /// @throws ConfigError  `world` has not exactly tensor x pipeline x data ranks, or one of them is zero; `node` has
  ///                      ranks that `world` has not; one of them is for device memory. On all ranks.
  ProcessGrid(Communicator& world, Communicator& node, Topology const& topology);

  /// Of the job.
  Topology const& topology() const noexcept { return topology_; }
  /// Of this rank.
  Coordinates const& coordinates() const noexcept { return coordinates_; }

  /// This rank's number in the whole job.
  std::uint32_t rank() const noexcept { return world_->rank(); }

  /// All ranks.
  Communicator& world() const noexcept { return *world_; }

  /// The ranks on this rank's node.
  Communicator& node() const noexcept { return *node_; }

  /// The ranks that share the layers of one replica: they differ in `coordinates().tensor`, their rank in the group.
  Communicator& tensor() const noexcept { return *tensor_; }

  /// The ranks that hold equal shards, one per replica: they differ in `coordinates().data`.
  Communicator& data() const noexcept { return *data_; }

  /// The ranks that hold successive stages of one replica: they differ in `coordinates().pipeline`.
  Communicator& pipeline() const noexcept { return *pipeline_; }

  /// This rank's number among the ranks of its node, which chooses its device.
  std::uint32_t node_rank() const noexcept { return node_->rank(); }
  /// Ranks of this rank's node.
  std::uint32_t node_size() const noexcept { return node_->size(); }
  /// Of this rank.
  std::string const& host_name() const noexcept { return host_name_; }

  /// The node of every rank, counted from 0.
  std::vector<std::uint32_t> const& node_of() const noexcept { return node_of_; }

 private:
  Communicator* world_;
  Communicator* node_;
  Topology topology_;
  Coordinates coordinates_;
  std::string host_name_;
  std::vector<std::uint32_t> node_of_;
  std::unique_ptr<Communicator> tensor_;
  std::unique_ptr<Communicator> data_;
  std::unique_ptr<Communicator> pipeline_;
};

}  // namespace distload
