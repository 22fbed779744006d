// Binds the layers of a stage by the description, and runs them.
#include "infer/stage.hpp"

#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "infer/parameter_names.hpp"
#include "layers/kernels/elementwise.hpp"
#include "layers/row_parallel_matrix.hpp"

namespace distload::infer {
namespace {

Ids in_shard_space(std::vector<std::int64_t> const& ids) {
  Kokkos::View<std::int64_t*, ShardSpace> const view(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::ids"),
                                                     ids.size());
  Kokkos::deep_copy(view, Kokkos::View<std::int64_t const*, Kokkos::HostSpace>(ids.data(), ids.size()));
  return view;
}

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

}  // namespace

Stage::Stage(ShardedModel const& model, ModelDescription description, StageEnds ends, Groups const& groups)
    : description_(std::move(description)) {
  if (ends.is_first) bind_embedding(model, groups);
  ParameterNames const names(model);
  for (std::size_t i = 0; i < description_.layers.size(); ++i) {
    auto const& layer = description_.layers[i];
    if (names.begins(layer.prefix)) layers_.emplace_back(model, layer, "layers." + std::to_string(i), groups);
  }
  if (ends.is_last) bind_head(model, groups);
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

std::vector<KeyValueCache> Stage::new_caches(std::uint64_t batch, std::uint64_t positions) const {
  std::vector<KeyValueCache> caches;
  for (auto const& layer : layers_) caches.push_back(layer.new_cache(batch, positions));
  return caches;
}

Activations Stage::embed(TokenBatch const& ids, Sequences const& sequences, OutputSink const& sink) const {
  auto h = (*tokens_)(in_shard_space(ids.ids));
  auto const& embedding = description_.embedding;
  if (embedding.factor != 1.0F) scale(h, embedding.factor);
  if (token_types_) add(h, (*token_types_)(in_shard_space(std::vector<std::int64_t>(ids.ids.size(), 0))));
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
  add(h, (*positions_)(in_shard_space(rows)));
}

void Stage::run(Activations const& h, Sequences const& sequences, std::vector<KeyValueCache> const& caches,
                OutputSink const& sink) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i].run(h, sequences, caches[i], sink);
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
