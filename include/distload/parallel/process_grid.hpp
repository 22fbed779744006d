/// ProcessGrid: the job's ranks arranged as tensor x data x pipeline, with a communicator for each direction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

class ProcessGrid {
 public:
  /// Collective over `world`. `node`: the ranks of `world` on this rank's node (MpiEnvironment::node), all of which
  /// make a grid. Both outlive it.
  /// @throws ConfigError  `world` has not exactly tensor x pipeline x data ranks, or one of them is zero; on all ranks.
  ProcessGrid(Communicator& world, Communicator& node, Topology const& topology);

  Topology const& topology() const noexcept { return topology_; }
  Coordinates const& coordinates() const noexcept { return coordinates_; }

  /// This rank's number in the whole job.
  std::uint32_t rank() const noexcept { return world_->rank(); }

  /// All ranks.
  Communicator& world() const noexcept { return *world_; }

  /// The ranks on this rank's node.
  Communicator& node() const noexcept { return *node_; }

  /// The ranks that hold the shards of the same layers of the same replica; its ranks are `coordinates().tensor`.
  Communicator& tensor() const noexcept { return *tensor_; }

  /// The ranks that hold equal shards, one per replica; its ranks are `coordinates().data`.
  Communicator& data() const noexcept { return *data_; }

  /// The ranks that hold the successive stages of the same replica; its ranks are `coordinates().pipeline`.
  Communicator& pipeline() const noexcept { return *pipeline_; }

  /// This rank's number among the ranks of its node, and how many they are: which device is its own.
  std::uint32_t node_rank() const noexcept { return node_->rank(); }
  std::uint32_t node_size() const noexcept { return node_->size(); }
  std::string const& host_name() const noexcept { return host_name_; }

  /// The node of every rank, by a number that its ranks share; nodes are counted from 0.
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
