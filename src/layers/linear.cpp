// Column- and row-parallel layers on LinearMatrix.
#include <distload/layers/linear.hpp>

#include "layers/linear_matrix.hpp"
#include "layers/output_gatherer.hpp"
#include "layers/row_parallel_matrix.hpp"

namespace distload {

struct ColumnParallelLinear::Body {
  LinearMatrix matrix;
  OutputGatherer gatherer;
};

ColumnParallelLinear::ColumnParallelLinear(ShardedModel const& model, std::string const& name, Communicator& group) {
  LinearMatrix const matrix(model, linear_part(model, name));
  matrix.shard().check_group(model.topology(), group);
  body_.reset(new Body{matrix, OutputGatherer(matrix.shard(), group)});
}
ColumnParallelLinear::~ColumnParallelLinear() = default;
ColumnParallelLinear::ColumnParallelLinear(ColumnParallelLinear&&) noexcept = default;

std::uint64_t ColumnParallelLinear::inputs() const noexcept { return body_->matrix.global_inputs(); }
std::uint64_t ColumnParallelLinear::outputs() const noexcept { return body_->matrix.global_outputs(); }
std::uint64_t ColumnParallelLinear::local_outputs() const noexcept { return body_->matrix.outputs(); }

Activations ColumnParallelLinear::local(ConstActivations const& x) const { return body_->matrix.product(x); }

Activations ColumnParallelLinear::gathered(ConstActivations const& x) const {
  return body_->gatherer.gathered(local(x));
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
