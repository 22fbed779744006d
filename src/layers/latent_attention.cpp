// Latent attention: keys and values of all heads come from one small vector for each token.
#include <distload/layers/attention.hpp>

#include <distload/base/error.hpp>

#include "layers/heads_output.hpp"
#include "layers/held_heads.hpp"
#include "layers/kernels/attention_kernel.hpp"
#include "layers/kernels/columns.hpp"
#include "layers/linear_matrix.hpp"

namespace distload {
namespace {

RotaryOptions starting_at(RotaryOptions options, std::uint32_t first) {
  options.first = first;
  return options;
}

}  // namespace

struct LatentAttention::Body {
  Body(ShardedModel const& model, LatentAttentionNames const& names, LatentAttentionOptions const& given,
       Communicator& group);

  std::uint64_t key_dim() const noexcept { return options.plain_dim + options.rotary_dim; }
  /// [rows, heads * key_dim], rotated.
  Activations queries(ConstActivations const& x, Sequences const& sequences);
  void fill_cache(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache);
  void add_parameters(LinearMatrix const& matrix);

  LatentAttentionOptions options;
  bool has_query_latent;
  std::string query_name;
  HeldHeads heads;
  LinearMatrix query;
  std::optional<LinearMatrix> query_down;
  std::optional<Norm> query_norm;
  LinearMatrix key_value_down;
  Norm key_value_norm;
  LinearMatrix key_value_up;
  HeadsOutput output;
  RotaryPositions rotary;      ///< of queries, behind their plain numbers
  RotaryPositions rotary_key;  ///< of the key that all heads share
  HeadOptions of_heads;
  std::vector<std::string> parameters;
};

LatentAttention::Body::Body(ShardedModel const& model, LatentAttentionNames const& names,
                            LatentAttentionOptions const& given, Communicator& group)
    : options(given),
      has_query_latent(model.find(names.query_down + ".weight") != nullptr),
      query_name(has_query_latent ? names.query_up : names.query),
      heads(held_heads(BoundShard(model, query_name + ".weight"), heads_of_width(key_dim()), given.heads, given.heads)),
      query(heads_matrix(model, linear_part(model, query_name), heads.queries, heads_of_width(key_dim()), group)),
      key_value_down(model, linear_part(model, names.key_value_down)),
      key_value_norm(model, names.key_value_norm, given.norm),
      key_value_up(heads_matrix(model, linear_part(model, names.key_value_up), heads.queries,
                                heads_of_width(given.plain_dim + given.value_dim), group)),
      output(model, names.output, heads.queries, given.heads, given.value_dim, group),
      rotary(starting_at(given.rotary, given.plain_dim)),
      rotary_key(starting_at(given.rotary, 0)) {
  if (has_query_latent) {
    query_down.emplace(model, linear_part(model, names.query_down));
    query_norm.emplace(model, names.query_norm, given.norm);
    add_parameters(*query_down);
  }
  of_heads.scale = options.scale;
  of_heads.key_heads = heads.key_heads;
  add_parameters(query);
  add_parameters(key_value_down);
  add_parameters(key_value_up);
}

void LatentAttention::Body::add_parameters(LinearMatrix const& matrix) {
  add_new_names(matrix.parameters(), parameters);
}

Activations LatentAttention::Body::queries(ConstActivations const& x, Sequences const& sequences) {
  auto const result = query_down ? query.product((*query_norm)(query_down->product(x))) : query.product(x);
  rotary.rotate(result, key_dim(), sequences.tokens, sequences.past);
  return result;
}

void LatentAttention::Body::fill_cache(ConstActivations const& x, Sequences const& sequences,
                                       KeyValueCache const& cache) {
  auto const down = key_value_down.product(x);
  auto const latent = new_activations(x.extent(0), options.latent_dim, "distload::latent");
  auto const shared_key = new_activations(x.extent(0), options.rotary_dim, "distload::shared_key");
  copy_columns(down, 0, latent);
  copy_columns(down, options.latent_dim, shared_key);
  rotary_key.rotate(shared_key, options.rotary_dim, sequences.tokens, sequences.past);
  auto const up = key_value_up.product(key_value_norm(latent));
  auto const rows = x.extent(0);
  auto const count = heads.queries.size();
  auto const keys = new_activations(rows, count * key_dim(), "distload::keys");
  auto const values = new_activations(rows, count * options.value_dim, "distload::values");
  auto const up_width = options.plain_dim + options.value_dim;
  copy_of_heads(up, {count, up_width, 0}, keys, {count, key_dim(), 0}, options.plain_dim);
  copy_of_heads(shared_key, {count, 0, 0}, keys, {count, key_dim(), options.plain_dim}, options.rotary_dim);
  copy_of_heads(up, {count, up_width, options.plain_dim}, values, {count, options.value_dim, 0}, options.value_dim);
  put_into_cache(keys, sequences, cache.keys);
  put_into_cache(values, sequences, cache.values);
}

LatentAttention::LatentAttention(ShardedModel const& model, LatentAttentionNames const& names,
                                 LatentAttentionOptions const& options, Communicator& group)
    : body_(std::make_unique<Body>(model, names, options, group)) {}
LatentAttention::~LatentAttention() = default;
LatentAttention::LatentAttention(LatentAttention&&) noexcept = default;

KeyValueCache LatentAttention::new_cache(std::uint64_t batch, std::uint64_t positions) const {
  auto const heads = body_->heads.queries.size();
  return {KeyValueCache::Numbers("distload::keys", batch, heads, positions, body_->key_dim()),
          KeyValueCache::Numbers("distload::values", batch, heads, positions, body_->options.value_dim)};
}

Activations LatentAttention::operator()(ConstActivations const& x, Sequences const& sequences,
                                        KeyValueCache const& cache) const {
  auto const queries = body_->queries(x, sequences);
  body_->fill_cache(x, sequences, cache);
  auto const results =
      new_activations(x.extent(0), body_->heads.queries.size() * body_->options.value_dim, "distload::heads");
  attend(body_->of_heads, queries, cache, sequences, results);
  return body_->output(results);
}

bool LatentAttention::is_exact() const noexcept { return body_->output.is_exact(); }

std::vector<std::string> LatentAttention::parameters() const {
  auto names = body_->parameters;
  add_new_names(body_->output.parameters(), names);
  return names;
}

}  // namespace distload
