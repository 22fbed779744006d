// Binds the projections of an attention, and joins them with the attention kernel.
#include <distload/layers/attention.hpp>

#include <cmath>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/distance_bias.hpp"
#include "layers/heads_output.hpp"
#include "layers/held_heads.hpp"
#include "layers/kernels/attention_kernel.hpp"
#include "layers/kernels/in_shard_space.hpp"
#include "layers/linear_matrix.hpp"

namespace distload {
/// Where the outputs of a head are in the parameters of queries, keys and values.
struct Projection {
  LinearPart part;
  OutputsOfHead outputs;
};

struct Projections {
  Projection query;
  Projection key;
  Projection value;
};

namespace {

Projections fused_sections(LinearPart const& part, AttentionOptions const& options) {
  std::uint64_t const dim = options.head_dim;
  auto const keys = options.heads * dim;
  return {{part, heads_of_width(dim)},
          {part, heads_of_width(dim, keys)},
          {part, heads_of_width(dim, keys + options.key_heads * dim)}};
}

Projections fused_groups(LinearPart const& part, AttentionOptions const& options) {
  std::uint64_t const dim = options.head_dim;
  std::uint64_t const queries = options.heads / options.key_heads;
  auto const at = [=](std::uint64_t group, std::uint64_t place) {
    auto const begin = (group * (queries + 2) + place) * dim;
    return Range{begin, begin + dim};
  };
  return {{part, [=](std::uint32_t head) { return at(head / queries, head % queries); }},
          {part, [=](std::uint32_t head) { return at(head, queries); }},
          {part, [=](std::uint32_t head) { return at(head, queries + 1); }}};
}

Projections projections_of(ShardedModel const& model, AttentionNames const& names, AttentionOptions const& options) {
  auto const has_fused = !names.fused.empty() && model.find(names.fused + ".weight") != nullptr;
  if (has_fused || names.query.empty()) {
    auto const part = linear_part(model, names.fused);
    auto parts = names.fused_order == AttentionNames::FusedOrder::sections ? fused_sections(part, options)
                                                                           : fused_groups(part, options);
    parts.query.part.unfused = names.query + ".weight";
    parts.key.part.unfused = names.key + ".weight";
    parts.value.part.unfused = names.value + ".weight";
    return parts;
  }
  auto const outputs = heads_of_width(options.head_dim);
  return {{linear_part(model, names.query), outputs},
          {linear_part(model, names.key), outputs},
          {linear_part(model, names.value), outputs}};
}

/// The slope of each head, as in the paper "Train Short, Test Long": powers of 2^(-8 / n), with n a power of two; the
/// heads beyond n have every second power of twice as many heads.
std::vector<float> alibi_slopes(std::uint32_t heads) {
  std::uint32_t power = 1;
  while (2 * power <= heads) power *= 2;
  auto const slope = [](std::uint32_t of, std::uint32_t exponent) {
    return static_cast<float>(std::pow(2.0, -8.0 / of * exponent));
  };
  std::vector<float> slopes;
  for (std::uint32_t i = 1; i <= power; ++i) slopes.push_back(slope(power, i));
  for (std::uint32_t i = 1; slopes.size() < heads; i += 2) slopes.push_back(slope(2 * power, i));
  return slopes;
}

Kokkos::View<float const*, ShardSpace> slopes_of(std::uint32_t heads, std::vector<std::uint32_t> const& held) {
  auto const all = alibi_slopes(heads);
  std::vector<float> slopes;
  slopes.reserve(held.size());
  for (auto const head : held) slopes.push_back(all[head]);
  return in_shard_space(slopes, "distload::slopes");
}

/// The norm of queries or keys, all heads in one row, as rows of one head each.
void normalize_heads(Norm const& norm, Activations const& x) {
  norm.apply_to(Activations(x.data(), x.size() / norm.width(), norm.width()));
}

}  // namespace

struct Attention::Body {
  Body(ShardedModel const& model, AttentionNames const& names, AttentionOptions const& given, Communicator& group);

  HeadOptions head_options(ShardedModel const& model, AttentionNames const& names) const;
  /// Normalized and rotated.
  Activations queries(ConstActivations const& x, Sequences const& sequences);
  void fill_cache(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache);
  /// Collective.
  Activations attended(HeadOptions const& how, ConstActivations const& queries, Sequences const& sequences,
                       KeyValueCache const& cache) const;

  AttentionOptions options;
  Projections projections;
  HeldHeads heads;
  LinearMatrix query;
  LinearMatrix key;
  LinearMatrix value;
  HeadsOutput output;
  std::optional<Norm> query_norm;
  std::optional<Norm> key_norm;
  std::optional<RotaryPositions> rotary;
  HeadOptions of_heads;
  std::vector<std::string> parameters;
};

Attention::Body::Body(ShardedModel const& model, AttentionNames const& names, AttentionOptions const& given,
                      Communicator& group)
    : options(given),
      projections(projections_of(model, names, given)),
      heads(held_heads(BoundShard(model, projections.query.part.weight), projections.query.outputs, given.heads,
                       given.key_heads)),
      query(heads_matrix(model, projections.query.part, heads.queries, projections.query.outputs, group)),
      key(heads_matrix(model, projections.key.part, heads.keys, projections.key.outputs, group)),
      value(heads_matrix(model, projections.value.part, heads.keys, projections.value.outputs, group)),
      output(model, names.output, heads.queries, given.heads, given.head_dim, group) {
  if (options.query_key_norm) {
    query_norm.emplace(model, names.query_norm, *options.query_key_norm);
    key_norm.emplace(model, names.key_norm, *options.query_key_norm);
  }
  if (options.rotary) rotary.emplace(*options.rotary);
  of_heads = head_options(model, names);
  if (options.relative_bias) {
    of_heads.distance_bias =
        bound_distance_bias(model, names.relative_bias, *options.relative_bias, heads.queries, group);
    parameters.push_back(names.relative_bias);
  }
  for (auto const* const matrix : {&query, &key, &value}) {
    add_new_names(matrix->parameters(), parameters);
  }
}

HeadOptions Attention::Body::head_options(ShardedModel const& model, AttentionNames const& names) const {
  HeadOptions result{options.scale,
                     options.causal,
                     options.window,
                     options.soft_cap,
                     options.position_bias == PositionBias::alibi_before_scale,
                     {},
                     {},
                     heads.key_heads};
  if (options.position_bias != PositionBias::none) result.slopes = slopes_of(options.heads, heads.queries);
  if (names.sinks.empty()) return result;
  BoundShard const sinks(model, names.sinks);
  result.sinks = sinks.vector();
  result.sinks.rows = sinks.rows_of(outputs_of(heads.queries, heads_of_width(1)));
  return result;
}

Attention::Attention(ShardedModel const& model, AttentionNames const& names, AttentionOptions const& options,
                     Communicator& group)
    : body_(std::make_unique<Body>(model, names, options, group)) {}
Attention::~Attention() = default;
Attention::Attention(Attention&&) noexcept = default;

KeyValueCache Attention::new_cache(std::uint64_t batch, std::uint64_t positions) const {
  auto const heads = body_->heads.keys.size();
  auto const dim = body_->options.head_dim;
  return {KeyValueCache::Numbers("distload::keys", batch, heads, positions, dim),
          KeyValueCache::Numbers("distload::values", batch, heads, positions, dim)};
}

Activations Attention::Body::queries(ConstActivations const& x, Sequences const& sequences) {
  auto const result = query.product(x);
  if (query_norm) normalize_heads(*query_norm, result);
  if (rotary) rotary->rotate(result, options.head_dim, sequences.tokens, sequences.past);
  return result;
}

void Attention::Body::fill_cache(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache) {
  auto const keys = key.product(x);
  if (key_norm) normalize_heads(*key_norm, keys);
  if (rotary) rotary->rotate(keys, options.head_dim, sequences.tokens, sequences.past);
  put_into_cache(keys, sequences, cache.keys);
  put_into_cache(value.product(x), sequences, cache.values);
}

Activations Attention::Body::attended(HeadOptions const& how, ConstActivations const& queries,
                                      Sequences const& sequences, KeyValueCache const& cache) const {
  auto const results = new_activations(queries.extent(0), queries.extent(1), "distload::heads");
  attend(how, queries, cache, sequences, results);
  return output(results);
}

Activations Attention::operator()(ConstActivations const& x, Sequences const& sequences,
                                  KeyValueCache const& cache) const {
  auto const queries = body_->queries(x, sequences);
  body_->fill_cache(x, sequences, cache);
  return body_->attended(body_->of_heads, queries, sequences, cache);
}

void Attention::remember(ConstActivations const& memory, Sequences const& sequences, KeyValueCache const& cache) const {
  body_->fill_cache(memory, sequences, cache);
}

Activations Attention::look_up(ConstActivations const& x, Sequences const& sequences,
                               KeyValueCache const& cache) const {
  auto options = body_->of_heads;
  options.sees_whole_cache = true;
  return body_->attended(options, body_->queries(x, sequences), sequences, cache);
}

bool Attention::is_exact() const noexcept { return body_->output.is_exact(); }

std::vector<std::string> Attention::parameters() const {
  auto names = body_->parameters;
  add_new_names(body_->output.parameters(), names);
  return names;
}

}  // namespace distload
