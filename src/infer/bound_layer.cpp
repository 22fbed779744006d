// Joins attention, MLP and norms as the description says.
#include "infer/bound_layer.hpp"

#include <initializer_list>

#include "layers/kernels/elementwise.hpp"

namespace distload::infer {
namespace {

std::optional<Norm> bound(ShardedModel const& model, std::optional<NormDescription> const& norm) {
  if (!norm) return std::nullopt;
  return Norm(model, norm->name, norm->options);
}

std::variant<Attention, LatentAttention> bound_attention(ShardedModel const& model, LayerDescription const& layer,
                                                         Groups const& groups) {
  if (auto const* const latent = std::get_if<LatentAttentionDescription>(&layer.attention)) {
    return LatentAttention(model, latent->names, latent->options, *groups.tensor);
  }
  auto const& attention = std::get<AttentionDescription>(layer.attention);
  return Attention(model, attention.names, attention.options, *groups.tensor);
}

std::variant<Mlp, Experts> bound_mlp(ShardedModel const& model, LayerDescription const& layer, Groups const& groups) {
  if (auto const* const experts = std::get_if<ExpertsDescription>(&layer.mlp)) {
    return Experts(model, experts->names, experts->router, experts->function, *groups.tensor, *groups.stage);
  }
  auto const& mlp = std::get<MlpDescription>(layer.mlp);
  return Mlp(model, mlp.names, mlp.function, *groups.tensor);
}

void add_parameters(std::optional<Norm> const& norm, std::vector<std::string>& names) {
  if (norm) names.insert(names.end(), norm->parameters().begin(), norm->parameters().end());
}

/// Of the norms before a part, and of the part.
template <class Part>
std::vector<std::string> parameters_with(std::initializer_list<std::optional<Norm> const*> norms, Part const& part) {
  std::vector<std::string> names;
  for (auto const* const norm : norms) add_parameters(*norm, names);
  std::visit(
      [&](auto const& bound) {
        for (auto const& name : bound.parameters()) names.push_back(name);
      },
      part);
  return names;
}

Activations copy_of(Activations const& x) {
  Activations const copy(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::copy"), x.extent(0), x.extent(1));
  Kokkos::deep_copy(Kokkos::DefaultExecutionSpace(), copy, x);
  return copy;
}

}  // namespace

BoundLayer::BoundLayer(ShardedModel const& model, LayerDescription const& description, std::string name,
                       Groups const& groups)
    : name_(std::move(name)),
      arrangement_(description.arrangement),
      residual_is_normalized_(description.residual_is_normalized),
      attention_norm_(bound(model, description.attention_norm)),
      norm_after_attention_(bound(model, description.norm_after_attention)),
      mlp_norm_(bound(model, description.mlp_norm)),
      norm_after_mlp_(bound(model, description.norm_after_mlp)),
      attention_(bound_attention(model, description, groups)),
      mlp_(bound_mlp(model, description, groups)) {
  for (auto const* const norm : {&attention_norm_, &norm_after_attention_, &mlp_norm_, &norm_after_mlp_}) {
    add_parameters(*norm, norm_parameters_);
  }
  if (!description.cross_attention) return;
  auto const& [norm, cross] = *description.cross_attention;
  cross_norm_.emplace(model, norm.name, norm.options);
  add_parameters(cross_norm_, norm_parameters_);
  cross_attention_.emplace(model, cross.names, cross.options, *groups.tensor);
}

LayerCache BoundLayer::new_cache(std::uint64_t batch, std::uint64_t positions, std::uint64_t encoded) const {
  return {std::visit([&](auto const& attention) { return attention.new_cache(batch, positions); }, attention_),
          cross_attention_ ? cross_attention_->new_cache(batch, encoded) : KeyValueCache()};
}

void BoundLayer::remember(Activations const& encoded, Sequences const& sequences, LayerCache const& cache) const {
  if (cross_attention_) cross_attention_->remember(encoded, sequences, cache.cross);
}

Activations BoundLayer::attention(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache,
                                  OutputSink const& sink) const {
  auto const result = std::visit([&](auto const& attention) { return attention(x, sequences, cache); }, attention_);
  if (sink) sink({name_ + ".attention", result, parameters_with({&attention_norm_}, attention_)});
  return result;
}

Activations BoundLayer::mlp(ConstActivations const& x, OutputSink const& sink) const {
  auto const result = std::visit([&](auto const& mlp) { return mlp(x); }, mlp_);
  // Without a norm of its own the MLP takes what the attention's norm gives.
  auto const& norm = mlp_norm_ && arrangement_ != Arrangement::post_norm ? mlp_norm_ : attention_norm_;
  if (sink) sink({name_ + ".mlp", result, parameters_with({&norm_after_attention_, &norm}, mlp_)});
  return result;
}

void BoundLayer::add_cross_attention(Activations const& h, Sequences const& sequences, KeyValueCache const& cache,
                                     OutputSink const& sink) const {
  auto const result = cross_attention_->look_up((*cross_norm_)(h), sequences, cache);
  if (sink) sink({name_ + ".cross_attention", result, cross_attention_->parameters()});
  add(h, result);
}

void BoundLayer::run_sequential(Activations const& h, Sequences const& sequences, LayerCache const& cache,
                                OutputSink const& sink) const {
  auto const normalized = attention_norm_ ? (*attention_norm_)(h) : copy_of(h);
  auto const attended = attention(normalized, sequences, cache.own, sink);
  if (norm_after_attention_) norm_after_attention_->apply_to(attended);
  if (residual_is_normalized_) Kokkos::deep_copy(Kokkos::DefaultExecutionSpace(), h, normalized);
  add(h, attended);
  if (cross_attention_) add_cross_attention(h, sequences, cache.cross, sink);
  auto const normalized_again = mlp_norm_ ? (*mlp_norm_)(h) : copy_of(h);
  auto const transformed = mlp(normalized_again, sink);
  if (norm_after_mlp_) norm_after_mlp_->apply_to(transformed);
  if (residual_is_normalized_) Kokkos::deep_copy(Kokkos::DefaultExecutionSpace(), h, normalized_again);
  add(h, transformed);
}

void BoundLayer::run_parallel(Activations const& h, Sequences const& sequences, KeyValueCache const& cache,
                              OutputSink const& sink) const {
  auto const normalized = attention_norm_ ? (*attention_norm_)(h) : copy_of(h);
  auto const attended = attention(normalized, sequences, cache, sink);
  auto const transformed = mlp(mlp_norm_ ? (*mlp_norm_)(h) : normalized, sink);
  add(attended, transformed);
  add(h, attended);
}

void BoundLayer::run_post_norm(Activations const& h, Sequences const& sequences, KeyValueCache const& cache,
                               OutputSink const& sink) const {
  add(h, attention(h, sequences, cache, sink));
  if (attention_norm_) attention_norm_->apply_to(h);
  add(h, mlp(h, sink));
  if (mlp_norm_) mlp_norm_->apply_to(h);
}

void BoundLayer::run(Activations const& h, Sequences const& sequences, LayerCache const& cache,
                     OutputSink const& sink) const {
  switch (arrangement_) {
    case Arrangement::sequential: run_sequential(h, sequences, cache, sink); break;
    case Arrangement::parallel: run_parallel(h, sequences, cache.own, sink); break;
    case Arrangement::post_norm: run_post_norm(h, sequences, cache.own, sink); break;
  }
  if (sink) sink({name_, h, norm_parameters_});
}

bool BoundLayer::is_exact() const {
  auto const is_exact = [](auto const& part) { return part.is_exact(); };
  return std::visit(is_exact, attention_) && std::visit(is_exact, mlp_) &&
         (!cross_attention_ || cross_attention_->is_exact());
}

}  // namespace distload::infer
