/// Attention and LatentAttention: attention with its projections, whose heads are cut over the ranks of a group.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/layers/activations.hpp>
#include <distload/layers/norm.hpp>
#include <distload/layers/rotary.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// The rows of activations: `batch` sequences of `tokens` tokens each, one sequence after the other.
struct Sequences {
  std::uint64_t batch = 1;   ///< sequences
  std::uint64_t tokens = 0;  ///< of each sequence, in these activations
  std::uint64_t past = 0;    ///< tokens of each sequence that came before

  /// Rows.
  std::uint64_t rows() const noexcept { return batch * tokens; }
};

/// Keys and values of a layer's heads on this rank, for all tokens so far.
struct KeyValueCache {
  /// [batch, heads, positions, numbers]
  using Numbers = Kokkos::View<float****, Kokkos::LayoutRight, ShardSpace>;
  Numbers keys;    ///< rotated
  Numbers values;  ///< of the same positions
};

/// How scores depend on the distance of tokens.
enum class PositionBias : std::uint8_t {
  none,
  alibi,               ///< slope of the head x position, added to scaled scores (BLOOM)
  alibi_before_scale,  ///< likewise, rounded to bf16 and added before scores are scaled (Falcon)
};

/// A bias of scores by the distance of tokens, from a table (T5): short distances have a bucket each, longer ones share
/// some, and those from `max_distance` on share the last.
struct RelativeBias {
  std::uint32_t buckets = 32;        ///< of the table
  std::uint32_t max_distance = 128;  ///< tokens
  bool bidirectional = false;        ///< half of the buckets are for tokens behind a token
};

/// What a head computes.
struct AttentionOptions {
  std::uint32_t heads = 0;                                   ///< of queries, of the whole layer
  std::uint32_t key_heads = 0;                               ///< of keys and values; divides `heads`
  std::uint32_t head_dim = 0;                                ///< of queries, keys and values
  float scale = 1;                                           ///< of scores, usually 1 / sqrt(head_dim)
  bool causal = true;                                        ///< tokens see those before them only
  std::uint64_t window = 0;                                  ///< tokens that one sees, itself included; 0: all
  float soft_cap = 0;                                        ///< scores become cap x tanh(score / cap); 0: they do not
  PositionBias position_bias = PositionBias::none;           ///< ALiBi
  std::optional<RotaryOptions> rotary = std::nullopt;        ///< of queries and keys
  std::optional<NormOptions> query_key_norm = std::nullopt;  ///< of each head's query and key, before they are rotated
  std::optional<RelativeBias> relative_bias = std::nullopt;  ///< of scores
};

/// Names of the layers of an attention; each binds NAME.weight and, if there is one, NAME.bias.
struct AttentionNames {
  /// How a fused matrix has queries, keys and values.
  enum class FusedOrder : std::uint8_t {
    sections,  ///< all queries, all keys, all values
    groups,    ///< for each key head: its queries, the key, the value
  };
  std::string query;                              ///< used if there is no `fused`
  std::string key;                                ///< likewise
  std::string value;                              ///< likewise
  std::string fused;                              ///< all three in one, if the model has it
  FusedOrder fused_order = FusedOrder::sections;  ///< of `fused`
  std::string output;                             ///< the projection of the heads' results
  std::string query_norm;                         ///< with `query_key_norm`
  std::string key_norm;                           ///< likewise
  std::string sinks;  ///< parameter with one number for each head, a score that takes part in the softmax; may be empty
  std::string relative_bias = {};  ///< parameter [buckets, heads], with `relative_bias`
};

/// Multi-head attention with grouped or shared key heads. Each rank computes its heads; the output projection has one
/// segment for each head. Refers to the model's memory, as ColumnParallelLinear.
class Attention {
 public:
  /// Local. `group` as of ColumnParallelLinear.
  /// @throws ConfigError  as ColumnParallelLinear; or the parameters do not have the shapes of `options`, or are not
  ///                      cut between heads.
  Attention(ShardedModel const& model, AttentionNames const& names, AttentionOptions const& options,
            Communicator& group);
  ~Attention();
  /// The source cannot be used any more.
  Attention(Attention&&) noexcept;
  Attention(Attention const&) = delete;
  Attention& operator=(Attention const&) = delete;

  /// Local: room for `positions` tokens of `batch` sequences.
  KeyValueCache new_cache(std::uint64_t batch, std::uint64_t positions) const;

  /// Collective over the group: [rows, hidden] of x [rows, hidden], on all ranks. Puts the keys and values of the new
  /// tokens into `cache`, which has room for past + tokens positions.
  Activations operator()(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache) const;

  /// Local: puts keys and values of `memory` [rows, hidden] into `cache`, for `look_up`.
  void remember(ConstActivations const& memory, Sequences const& sequences, KeyValueCache const& cache) const;
  /// Collective over the group: as operator(), of x's queries with all keys and values of `cache` (cross attention).
  Activations look_up(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache) const;

  /// False: as RowParallelLinear::is_exact.
  bool is_exact() const noexcept;
  /// Names of the parameters that are used.
  std::vector<std::string> parameters() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

/// What a head of a latent attention computes.
struct LatentAttentionOptions {
  std::uint32_t heads = 0;       ///< of the whole layer
  std::uint32_t plain_dim = 0;   ///< numbers of a query and key without positions
  std::uint32_t rotary_dim = 0;  ///< numbers of a query and key with rotary positions
  std::uint32_t value_dim = 0;   ///< numbers of a value
  std::uint32_t latent_dim = 0;  ///< numbers of the common latent of keys and values
  float scale = 1;               ///< of scores
  RotaryOptions rotary;          ///< `dim` is rotary_dim
  NormOptions norm;              ///< of the latents
};

/// Names of the layers of a latent attention.
struct LatentAttentionNames {
  std::string query;           ///< used if the model has no `query_down`
  std::string query_down;      ///< to the queries' latent
  std::string query_norm;      ///< of it
  std::string query_up;        ///< from it to the heads
  std::string key_value_down;  ///< to the latent of keys and values, and to the rotary key that all heads share
  std::string key_value_norm;  ///< of the latent
  std::string key_value_up;    ///< from it to each head's key and value
  std::string output;          ///< the projection of the heads' results
};

/// The latent attention of DeepSeek V2 and V3. Every rank computes the latents; otherwise as Attention.
class LatentAttention {
 public:
  /// Local. As Attention.
  LatentAttention(ShardedModel const& model, LatentAttentionNames const& names, LatentAttentionOptions const& options,
                  Communicator& group);
  ~LatentAttention();
  /// The source cannot be used any more.
  LatentAttention(LatentAttention&&) noexcept;
  LatentAttention(LatentAttention const&) = delete;
  LatentAttention& operator=(LatentAttention const&) = delete;

  /// Local: as Attention.
  KeyValueCache new_cache(std::uint64_t batch, std::uint64_t positions) const;
  /// Collective over the group: as Attention.
  Activations operator()(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache) const;
  /// As Attention.
  bool is_exact() const noexcept;
  /// As Attention.
  std::vector<std::string> parameters() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace distload
