// Passes activations from stage to stage.
#include <distload/infer/parallel_model.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "infer/check_tokens.hpp"
#include "infer/families.hpp"
#include "infer/stage.hpp"
#include "layers/device_group.hpp"
#include "layers/group_messages.hpp"
#include "layers/linear_matrix.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

using infer::Groups;
using infer::LayerCache;
using infer::Stage;
using infer::StageEnds;

std::vector<float> on_host(ConstActivations const& x) {
  auto const copy = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  return {copy.data(), copy.data() + copy.size()};
}

/// The place of the largest number; of equal ones the first.
std::int64_t place_of_largest(std::span<float const> numbers) {
  return std::ranges::max_element(numbers) - numbers.begin();
}

/// The token with the largest logit behind each sequence.
std::vector<std::int64_t> next_tokens(Activations const& logits, Sequences const& sequences) {
  auto const numbers = on_host(logits);
  auto const vocabulary = logits.extent(1);
  std::vector<std::int64_t> ids;
  for (std::uint64_t sequence = 0; sequence < sequences.batch; ++sequence) {
    auto const row = (sequence + 1) * sequences.tokens - 1;
    ids.push_back(place_of_largest(std::span(numbers).subspan(row * vocabulary, vocabulary)));
  }
  return ids;
}

/// The whole text of each sequence: the given tokens and the first `count` generated ones.
TokenBatch joined(TokenBatch const& ids, TokenBatch const& generated, std::uint64_t count) {
  TokenBatch all{ids.batch, ids.tokens + count, {}};
  for (std::uint64_t sequence = 0; sequence < ids.batch; ++sequence) {
    auto const given = std::span(ids.ids).subspan(sequence * ids.tokens, ids.tokens);
    auto const further = std::span(generated.ids).subspan(sequence * generated.tokens, count);
    all.ids.insert(all.ids.end(), given.begin(), given.end());
    all.ids.insert(all.ids.end(), further.begin(), further.end());
  }
  return all;
}

/// What the decoder behind an encoder reads to predict `ids`: the start, and the tokens but the last.
TokenBatch shifted(TokenBatch const& ids, std::int64_t start) {
  auto result = ids;
  for (std::uint64_t sequence = 0; sequence < ids.batch; ++sequence) {
    auto const first = result.ids.begin() + static_cast<std::ptrdiff_t>(sequence * ids.tokens);
    std::shift_right(first, first + static_cast<std::ptrdiff_t>(ids.tokens), 1);
    *first = start;
  }
  return result;
}

}  // namespace

ComputeGroups::ComputeGroups(ProcessGrid const& grid)
    : grid_(&grid),
      stage_(grid.world().split(grid.coordinates().pipeline, grid.rank())),
      tensor_(device_group(grid.tensor())),
      stage_on_device_(device_group(*stage_)),
      pipeline_(device_group(grid.pipeline())) {}

class ParallelModel::Body {
 public:
  Body(ShardedModel const& model, ComputeGroups const& groups)
      : groups_(&groups),
        grid_(&groups.grid()),
        stage_(all_or_throw(grid_->world(), "bind", [&] { return bound(model); })) {
    check_layers();
  }
  Body(ShardedModel const& model, std::unique_ptr<ComputeGroups> groups) : Body(model, *groups) {
    own_groups_ = std::move(groups);
  }

  Stage const& stage() const noexcept { return stage_; }

  void check(TokenBatch const& ids, std::uint64_t further) const {
    infer::check_tokens(stage_.description(), ids, further);
  }

  /// Collective: caches for `positions` tokens of the decoder. If there is an encoder, it reads `ids`.
  std::vector<LayerCache> start(TokenBatch const& ids, std::uint64_t positions, OutputSink const& sink) const;

  /// Collective: the logits of tokens that follow those in `caches`; empty except on the last stage.
  Activations step(TokenBatch const& ids, std::uint64_t past, std::vector<LayerCache> const& caches,
                   OutputSink const& sink) const;

  /// Collective: bytes of the ranks of the last stage on all ranks of the pipeline.
  void broadcast_from_last(std::span<std::byte> bytes) const {
    grid_->pipeline().broadcast(bytes, grid_->pipeline().size() - 1);
  }

  bool is_last() const noexcept { return grid_->pipeline().rank() + 1 == grid_->pipeline().size(); }

 private:
  Stage bound(ShardedModel const& model) const {
    infer::ModelConfig const config(model.metadata().config_json);
    auto description = infer::describe_model(config, infer::ParameterNames(model));
    auto const rank = grid_->pipeline().rank();
    StageEnds const ends{rank == 0, is_last()};
    return Stage(model, std::move(description), ends, Groups{&groups_->tensor(), &groups_->stage()});
  }

  /// Collective: every layer of the description is on a stage.
  /// @throws ConfigError  the checkpoint lacks layers; on all ranks.
  void check_layers() const {
    std::uint64_t const own = stage_.layers().size();
    std::vector<std::uint64_t> counts(grid_->pipeline().size());
    grid_->pipeline().all_gather(std::as_bytes(std::span(&own, 1)), std::as_writable_bytes(std::span(counts)));
    auto const all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    auto const described = stage_.description().layers.size();
    if (all == described) return;
    throw ConfigError("config.json describes " + std::to_string(described) + " layers, but the checkpoint has " +
                      std::to_string(all) + " of them");
  }

  /// Collective: the input of this stage's first layer but those of the encoder.
  Activations input(TokenBatch const& ids, Sequences const& sequences, OutputSink const& sink) const;
  /// Collective: what the stage before passes on.
  Activations received(Sequences const& sequences) const;
  /// Collective: `h` to the next stage.
  void pass_on(Activations const& h) const;

  std::unique_ptr<ComputeGroups> own_groups_;  ///< null: those of others
  ComputeGroups const* groups_;
  ProcessGrid const* grid_;
  Stage stage_;
};

Activations ParallelModel::Body::input(TokenBatch const& ids, Sequences const& sequences,
                                       OutputSink const& sink) const {
  return stage_.begins_decoder() ? stage_.embed(ids, sequences, sink) : received(sequences);
}

Activations ParallelModel::Body::received(Sequences const& sequences) const {
  auto& stages = groups_->pipeline();
  auto const h = new_activations(sequences.rows(), stage_.description().hidden, "distload::hidden");
  NumbersPlace const place{stages.rank() - 1, h.data(), h.size()};
  exchange(stages, {}, {&place, 1});
  return h;
}

void ParallelModel::Body::pass_on(Activations const& h) const {
  auto& stages = groups_->pipeline();
  NumbersToSend const part{stages.rank() + 1, h.data(), h.size()};
  exchange(stages, {&part, 1}, {});
}

std::vector<LayerCache> ParallelModel::Body::start(TokenBatch const& ids, std::uint64_t positions,
                                                   OutputSink const& sink) const {
  auto caches = stage_.new_caches(ids.batch, positions, ids.tokens);
  if (!stage_.description().encoder) return caches;
  Sequences const sequences{ids.batch, ids.tokens, 0};
  auto const is_first = grid_->pipeline().rank() == 0;
  auto const h = is_first ? stage_.embed_for_encoder(ids, sink) : received(sequences);
  stage_.encode(h, sequences, sink);
  if (!is_last()) pass_on(h);
  stage_.remember(h, sequences, caches);
  return caches;
}

Activations ParallelModel::Body::step(TokenBatch const& ids, std::uint64_t past, std::vector<LayerCache> const& caches,
                                      OutputSink const& sink) const {
  if (stage_.is_before_decoder()) return {};
  Sequences const sequences{ids.batch, ids.tokens, past};
  auto const h = input(ids, sequences, sink);
  stage_.run(h, sequences, caches, sink);
  if (is_last()) return stage_.finish(h, sink);
  pass_on(h);
  return {};
}

ParallelModel::ParallelModel(ShardedModel const& model, ProcessGrid const& grid)
    : body_(std::make_unique<Body>(model, std::make_unique<ComputeGroups>(grid))) {}
ParallelModel::ParallelModel(ShardedModel const& model, ComputeGroups const& groups)
    : body_(std::make_unique<Body>(model, groups)) {}
ParallelModel::~ParallelModel() = default;

Activations ParallelModel::forward(TokenBatch const& ids, OutputSink const& sink) {
  body_->check(ids, 0);
  auto const& encoder = body_->stage().description().encoder;
  auto const caches = body_->start(ids, ids.tokens, sink);
  auto result = body_->step(encoder ? shifted(ids, encoder->start_id) : ids, 0, caches, sink);
  Kokkos::fence("distload: the result is complete");
  return result;
}

TokenBatch ParallelModel::generate(TokenBatch const& ids, std::uint64_t count) {
  if (!is_decoder()) throw ConfigError("the model is an encoder, or has no head: it cannot generate tokens");
  body_->check(ids, count == 0 ? 0 : count - 1);
  auto const& encoder = body_->stage().description().encoder;
  auto const caches = body_->start(ids, ids.tokens + count, {});
  TokenBatch generated{ids.batch, count, std::vector<std::int64_t>(ids.batch * count)};
  auto input = encoder ? TokenBatch{ids.batch, 1, std::vector(ids.batch, encoder->start_id)} : ids;
  std::uint64_t past = 0;
  auto const limit = body_->stage().description().computes_anew_beyond;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (past > 0 && past <= limit && past + input.tokens > limit) {
      input = joined(ids, generated, i);
      past = 0;
    }
    auto const logits = body_->step(input, past, caches, {});
    past += input.tokens;
    auto next =
        body_->is_last() ? next_tokens(logits, {input.batch, input.tokens}) : std::vector<std::int64_t>(ids.batch);
    body_->broadcast_from_last(std::as_writable_bytes(std::span(next)));
    for (std::uint64_t sequence = 0; sequence < ids.batch; ++sequence) {
      generated.ids[sequence * count + i] = next[sequence];
    }
    input = {ids.batch, 1, std::move(next)};
  }
  return generated;
}

std::uint64_t ParallelModel::hash(TokenBatch const& ids) {
  auto const result = on_host(forward(ids));
  auto hash = xxh3_64(std::as_bytes(std::span(result)));
  body_->broadcast_from_last(std::as_writable_bytes(std::span(&hash, 1)));
  return hash;
}

void ParallelModel::self_test(TokenBatch const& ids, std::uint64_t expected) {
  auto const found = hash(ids);
  if (found == expected) return;
  throw CorruptData("the model's result has the hash " + format_hash(found) + ", expected " + format_hash(expected));
}

std::vector<std::string> ParallelModel::inexact_layers() const {
  std::vector<std::string> names;
  for (auto const& layer : body_->stage().layers()) {
    if (!layer.is_exact()) names.push_back(layer.name());
  }
  return names;
}

bool ParallelModel::is_decoder() const noexcept { return body_->stage().description().is_decoder; }

std::vector<std::string> computed_families() {
  auto const families = infer::computed_families();
  return {families.begin(), families.end()};
}

}  // namespace distload
