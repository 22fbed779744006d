// Binds the layers of a stage by the description, and runs them.
#include "infer/stage.hpp"

#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "infer/parameter_names.hpp"
#include "layers/kernels/elementwise.hpp"
#include "layers/kernels/in_shard_space.hpp"
#include "layers/row_parallel_matrix.hpp"

namespace distload::infer {
namespace {

Ids ids_of(std::vector<std::int64_t> const& ids) { return in_shard_space(ids, "distload::ids"); }

/// The row of each token in a table of positions.
std::vector<std::int64_t> position_rows(PositionTable const& table, TokenBatch const& ids, Sequences const& sequences) {
  std::vector<std::int64_t> rows;
  for (std::uint64_t sequence = 0; sequence < sequences.batch; ++sequence) {
    std::int64_t counted = table.padding_id.value_or(0);
    for (std::uint64_t token = 0; token < sequences.tokens; ++token) {
      if (!table.padding_id) {
        rows.push_back(static_cast<std::int64_t>(sequences.past + token) + table.offset);
      } else if (ids.ids[sequence * sequences.tokens + token] == *table.padding_id) {
        rows.push_back(*table.padding_id);
      } else {
        rows.push_back(++counted);
      }
    }
  }
  return rows;
}

/// A table of distances is in one layer, and other layers use it.
void check_distance_table(ShardedModel const& model, LayerDescription const& layer, std::string const& name) {
  auto const* const attention = std::get_if<AttentionDescription>(&layer.attention);
  if (attention == nullptr || !attention->options.relative_bias) return;
  auto const& table = attention->names.relative_bias;
  if (model.find(table) != nullptr) return;
  throw ConfigError(name + " uses '" + printable(table) +
                    "', which is on another pipeline stage; cut the stages (topology.pipeline_layers) so that all "
                    "layers that share it are on one");
}

}  // namespace

Stage::Stage(ShardedModel const& model, ModelDescription description, StageEnds ends, Groups const& groups)
    : description_(std::move(description)) {
  auto const of_encoder = description_.encoder ? description_.encoder->layers : 0;
  ParameterNames const names(model);
  auto const begins = [&](std::size_t layer) {
    return layer < description_.layers.size() && names.begins(description_.layers[layer].prefix);
  };
  if (description_.encoder) bind_encoder(model, ends, groups);
  if (description_.encoder ? begins(of_encoder) : ends.is_first) bind_embedding(model, groups);
  for (std::size_t i = 0; i < description_.layers.size(); ++i) {
    if (!begins(i)) continue;
    auto const name = "layers." + std::to_string(i);
    check_distance_table(model, description_.layers[i], name);
    layers_.emplace_back(model, description_.layers[i], name, groups);
    if (i < of_encoder) ++encoder_layers_;
  }
  if (ends.is_last) bind_head(model, groups);
}

void Stage::bind_encoder(ShardedModel const& model, StageEnds ends, Groups const& groups) {
  auto const& encoder = *description_.encoder;
  if (ends.is_first) encoder_tokens_.emplace(model, encoder.tokens, *groups.tensor);
  auto const& last = description_.layers[encoder.layers - 1];
  if (!ParameterNames(model).begins(last.prefix)) return;
  encoder_norm_.emplace(model, encoder.final_norm.name, encoder.final_norm.options);
}

void Stage::bind_embedding(ShardedModel const& model, Groups const& groups) {
  auto const& embedding = description_.embedding;
  tokens_.emplace(model, embedding.tokens, *groups.tensor);
  if (tokens_->rows() < description_.vocabulary) {
    throw ConfigError("'" + printable(embedding.tokens) + "' has " + std::to_string(tokens_->rows()) +
                      " rows for a vocabulary of " + std::to_string(description_.vocabulary));
  }
  if (embedding.positions) positions_.emplace(model, embedding.positions->name, *groups.tensor);
  if (!embedding.token_types.empty()) token_types_.emplace(model, embedding.token_types, *groups.tensor);
  if (embedding.norm) embedding_norm_.emplace(model, embedding.norm->name, embedding.norm->options);
  if (!embedding.projection.empty()) embedding_projection_.emplace(model, linear_part(model, embedding.projection));
}

void Stage::bind_head(ShardedModel const& model, Groups const& groups) {
  auto const& norm = description_.final_norm;
  if (norm) final_norm_.emplace(model, norm->name, norm->options);
  auto const& head = description_.head;
  if (!head.projection.empty()) head_projection_.emplace(model, linear_part(model, head.projection));
  if (!head.name.empty()) head_.emplace(model, head.name, *groups.tensor);
}

std::vector<LayerCache> Stage::new_caches(std::uint64_t batch, std::uint64_t positions, std::uint64_t encoded) const {
  std::vector<LayerCache> caches;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    // The encoder's layers have caches of their own, in `encode`.
    caches.push_back(i < encoder_layers_ ? LayerCache() : layers_[i].new_cache(batch, positions, encoded));
  }
  return caches;
}

bool Stage::is_before_decoder() const noexcept { return encoder_layers_ > 0 && encoder_layers_ == layers_.size(); }

Activations Stage::embed_for_encoder(TokenBatch const& ids, OutputSink const& sink) const {
  auto const h = (*encoder_tokens_)(ids_of(ids.ids));
  if (sink) sink({"encoder.embeddings", h, {description_.encoder->tokens}});
  return h;
}

void Stage::encode(Activations const& h, Sequences const& sequences, OutputSink const& sink) const {
  for (std::size_t i = 0; i < encoder_layers_; ++i) {
    layers_[i].run(h, sequences, layers_[i].new_cache(sequences.batch, sequences.tokens, 0), sink);
  }
  if (!encoder_norm_) return;
  encoder_norm_->apply_to(h);
  if (sink) sink({"encoder.norm", h, {description_.encoder->final_norm.name}});
}

void Stage::remember(Activations const& encoded, Sequences const& sequences,
                     std::vector<LayerCache> const& caches) const {
  for (auto i = encoder_layers_; i < layers_.size(); ++i) layers_[i].remember(encoded, sequences, caches[i]);
}

Activations Stage::embed(TokenBatch const& ids, Sequences const& sequences, OutputSink const& sink) const {
  auto h = (*tokens_)(ids_of(ids.ids));
  auto const& embedding = description_.embedding;
  if (embedding.factor != 1.0F) scale(h, embedding.factor);
  if (token_types_) add(h, (*token_types_)(ids_of(std::vector<std::int64_t>(ids.ids.size(), 0))));
  // A projection comes before positions are added.
  if (embedding_projection_) h = embedding_projection_->product(h);
  if (positions_) add_positions(h, ids, sequences);
  if (embedding_norm_) embedding_norm_->apply_to(h);
  if (sink) sink({"embeddings", h, {embedding.tokens}});
  return h;
}

void Stage::add_positions(Activations const& h, TokenBatch const& ids, Sequences const& sequences) const {
  auto const rows = position_rows(*description_.embedding.positions, ids, sequences);
  for (auto const row : rows) {
    if (row >= 0 && static_cast<std::uint64_t>(row) < positions_->rows()) continue;
    throw ConfigError("position " + std::to_string(row) + " is beyond the " + std::to_string(positions_->rows()) +
                      " rows of '" + printable(description_.embedding.positions->name) + "'");
  }
  add(h, (*positions_)(ids_of(rows)));
}

void Stage::run(Activations const& h, Sequences const& sequences, std::vector<LayerCache> const& caches,
                OutputSink const& sink) const {
  for (auto i = encoder_layers_; i < layers_.size(); ++i) layers_[i].run(h, sequences, caches[i], sink);
}

Activations Stage::finish(Activations const& h, OutputSink const& sink) const {
  auto const& head = description_.head;
  if (final_norm_) {
    final_norm_->apply_to(h);
    if (sink) sink({"norm", h, {description_.final_norm->name}});
  }
  if (!head_) return h;
  auto const logits = head_->gathered(head_projection_ ? head_projection_->product(h) : h);
  if (head.factor != 1.0F) scale(logits, head.factor);
  if (head.soft_cap != 0.0F) apply_soft_cap(logits, head.soft_cap);
  if (sink) sink({"logits", logits, {head.name}});
  return logits;
}

}  // namespace distload::infer
