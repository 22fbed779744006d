// Column- and row-parallel layers on LinearMatrix.
#include <distload/layers/linear.hpp>

#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/gather_outputs.hpp"
#include "layers/group_sum.hpp"
#include "layers/linear_matrix.hpp"
#include "layers/row_parallel_matrix.hpp"

namespace distload {

ColumnParallelLinear::ColumnParallelLinear(ShardedModel const& model, std::string const& name, Communicator& group)
    : matrix_(std::make_unique<LinearMatrix>(model, linear_part(model, name))), group_(&group) {
  matrix_->shard().check_group(model.topology(), group);
}
ColumnParallelLinear::~ColumnParallelLinear() = default;
ColumnParallelLinear::ColumnParallelLinear(ColumnParallelLinear&&) noexcept = default;

std::uint64_t ColumnParallelLinear::inputs() const noexcept { return matrix_->global_inputs(); }
std::uint64_t ColumnParallelLinear::outputs() const noexcept { return matrix_->global_outputs(); }
std::uint64_t ColumnParallelLinear::local_outputs() const noexcept { return matrix_->outputs(); }

Activations ColumnParallelLinear::local(ConstActivations const& x) const { return matrix_->product(x); }

Activations ColumnParallelLinear::gathered(ConstActivations const& x) const {
  return gather_outputs(*group_, matrix_->shard(), local(x));
}

struct RowParallelLinear::Body {
  RowParallelMatrix matrix;
};

RowParallelLinear::RowParallelLinear(ShardedModel const& model, std::string const& name, Communicator& group,
                                     std::optional<std::uint32_t> segments)
    : body_(new Body{RowParallelMatrix(model, linear_part(model, name), segments, group)}) {}
RowParallelLinear::~RowParallelLinear() = default;
RowParallelLinear::RowParallelLinear(RowParallelLinear&&) noexcept = default;

std::uint64_t RowParallelLinear::inputs() const noexcept { return body_->matrix.matrix().global_inputs(); }
std::uint64_t RowParallelLinear::outputs() const noexcept { return body_->matrix.matrix().outputs(); }
std::uint64_t RowParallelLinear::local_inputs() const noexcept { return body_->matrix.inputs().size(); }
std::uint64_t RowParallelLinear::first_input() const noexcept { return body_->matrix.inputs().begin; }
bool RowParallelLinear::is_exact() const noexcept { return body_->matrix.is_exact(); }

Activations RowParallelLinear::operator()(ConstActivations const& x) const { return body_->matrix.product(x); }

}  // namespace distload
