// Copies the rows that this rank has, and adds the ranks' rows, of which all but one are zero.
#include <distload/layers/embedding.hpp>

#include <vector>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/bound_shard.hpp"
#include "layers/group_messages.hpp"
#include "layers/kernels/numbers.hpp"
#include "layers/linear_matrix.hpp"
#include "layers/row_parallel_matrix.hpp"

namespace distload {
namespace {

Numbers all_numbers(ShardedModel const& model, Shard const& shard) {
  return {model.bytes(shard).data(), shard.dtype, volume(shard.shape), {}};
}

/// The rows of the table that a rank has: at most one range, as a table is cut or not.
HeldRange held_rows(BoundShard const& shard) {
  auto const held = shard.held_outputs();
  if (held.size() > 1)
    throw ConfigError("the rows of '" + printable(shard.name()) + "' on this rank are not one range");
  return held.empty() ? HeldRange{} : held.front();
}

}  // namespace

struct VocabParallelEmbedding::Body {
  BoundShard shard;
  Numbers numbers;
  HeldRange held;
  Communicator* group;
};

VocabParallelEmbedding::VocabParallelEmbedding(ShardedModel const& model, std::string const& name,
                                               Communicator& group) {
  BoundShard const shard(model, linear_part(model, name).weight);
  if (shard.is_vector() || size_of(shard.shard().dtype) == 1) {
    throw ConfigError("'" + printable(shard.name()) + "' is no table of F32, BF16 or F16");
  }
  shard.check_group(model.topology(), group);
  if (shard.shard().partition.kind == PartitionKind::row_parallel) {
    throw ConfigError("the rows of '" + printable(shard.name()) + "' are cut, but a table needs whole rows");
  }
  body_.reset(new Body{shard, all_numbers(model, shard.shard()), held_rows(shard), &group});
}
VocabParallelEmbedding::~VocabParallelEmbedding() = default;
VocabParallelEmbedding::VocabParallelEmbedding(VocabParallelEmbedding&&) noexcept = default;

std::uint64_t VocabParallelEmbedding::rows() const noexcept { return body_->shard.global_outputs(); }
std::uint64_t VocabParallelEmbedding::width() const noexcept { return body_->shard.global_inputs(); }

Activations VocabParallelEmbedding::operator()(Ids const& ids) const {
  auto const result = new_activations(ids.extent(0), width(), "distload::embeddings");
  auto const numbers = body_->numbers;
  auto const begin = body_->held.global.begin;
  auto const end = body_->held.global.end;
  auto const local = body_->held.local;
  auto const columns = width();
  using Policy = Kokkos::MDRangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::Rank<2>, Kokkos::IndexType<std::int64_t>>;
  Kokkos::parallel_for(
      "distload::embedding",
      Policy({0, 0}, {static_cast<std::int64_t>(ids.extent(0)), static_cast<std::int64_t>(columns)}),
      KOKKOS_LAMBDA(std::int64_t token, std::int64_t column) {
        auto const row = static_cast<std::uint64_t>(ids(token));
        auto const is_here = row >= begin && row < end;
        // Zero is added in any case, so that -0 becomes 0 on any number of ranks.
        auto const number =
            is_here ? numbers((row - begin + local) * columns + static_cast<std::uint64_t>(column)) : 0.0F;
        result(token, column) = number + 0.0F;
      });
  if (body_->shard.shard().partition.kind != PartitionKind::replicated) {
    add_over(*body_->group, {result.data(), result.size()});
  }
  return result;
}

}  // namespace distload
