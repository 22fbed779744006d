/// VocabParallelEmbedding: rows of a table whose rows are cut over the ranks of a group.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <Kokkos_Core.hpp>

#include <distload/layers/activations.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Numbers of rows, e.g. token ids, in `ShardSpace`.
using Ids = Kokkos::View<std::int64_t const*, ShardSpace>;

/// A table of rows of numbers: a vocabulary, or positions. A table that is not cut, which every rank has, is one too.
/// Refers to the model's memory, as ColumnParallelLinear.
class VocabParallelEmbedding {
 public:
  /// Local: binds the parameter `name`.weight, or `name`. `group` as of ColumnParallelLinear.
  /// @throws ConfigError  as ColumnParallelLinear.
  VocabParallelEmbedding(ShardedModel const& model, std::string const& name, Communicator& group);
  ~VocabParallelEmbedding();
  /// The source cannot be used any more.
  VocabParallelEmbedding(VocabParallelEmbedding&&) noexcept;
  VocabParallelEmbedding(VocabParallelEmbedding const&) = delete;
  VocabParallelEmbedding& operator=(VocabParallelEmbedding const&) = delete;

  /// Rows of the whole table, without padding.
  std::uint64_t rows() const noexcept;
  /// Numbers in a row.
  std::uint64_t width() const noexcept;

  /// Collective over the group: [ids, width], on all ranks. All give the same ids.
  /// Precondition: ids are below rows().
  Activations operator()(Ids const& ids) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace distload
