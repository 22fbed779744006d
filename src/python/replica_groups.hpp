/// ReplicaGroups: the ranks that compute together.
#pragma once

#include <memory>

#include <distload/infer/parallel_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload::python {

class ReplicaGroups {
 public:
  /// Collective over `grid.world()`. `grid` outlives the object.
  explicit ReplicaGroups(ProcessGrid const& grid);

  ComputeGroups const& compute() const noexcept { return compute_; }
  /// The ranks that call ParallelModel::forward together: of this rank's replica, with expert parallelism all.
  Communicator& ranks() const noexcept { return replica_ ? *replica_ : compute_.grid().world(); }

 private:
  ComputeGroups compute_;
  std::unique_ptr<Communicator> replica_;  ///< null: the whole grid
};

}  // namespace distload::python
