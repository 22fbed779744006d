/// ModelMatrices: the matrices that a decoder multiplies every token by, as its layers use them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/load/sharded_model.hpp>

#include "layers/row_parallel_matrix.hpp"

namespace distload {

/// A weight matrix with two axes.
struct ModelMatrix {
  Shard const* shard = nullptr;
  std::uint64_t parameters = 0;           ///< of the whole matrix
  std::optional<std::uint32_t> segments;  ///< of its inputs; nothing: segments_of_width
};

struct ModelMatrices {
  std::vector<ModelMatrix> all;
  std::string attention_output;       ///< name of the first layer's matrix
  std::string mlp_down;               ///< likewise
  std::uint32_t attention_heads = 0;  ///< segments of `attention_output`
  std::uint64_t layers = 0;
  std::uint64_t hidden = 0;

  /// Numbers of all matrices.
  std::uint64_t parameters() const;
  /// Bytes of this rank's shards.
  Bytes local_bytes() const;
};

/// Local: refers to `model`.
/// @throws ConfigError  as describe_model; or the model has experts, of which a token uses some, or is an encoder.
ModelMatrices matrices_of(ShardedModel const& model);

/// Local: reads all bytes of the shards of `matrices` by all threads. @returns the sum of their 8-byte words.
std::uint64_t read_all(ShardedModel const& model, ModelMatrices const& matrices);

}  // namespace distload
