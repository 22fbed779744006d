// Agrees on the models, plans, allocates, runs the plan and adds up what it took.
#include "redistribute/redistribute_call.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <distload/base/error.hpp>

#include "base/scope_timer.hpp"
#include "device/device.hpp"
#include "load/load_memory.hpp"
#include "load/planned_shards.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/meeting.hpp"
#include "parallel/node_numbers.hpp"
#include "parallel/on_all.hpp"
#include "parallel/peer_memory.hpp"
#include "redistribute/held_shards.hpp"
#include "redistribute/peer_arenas.hpp"
#include "redistribute/plan/needed_bytes.hpp"
#include "redistribute/run_redistribution.hpp"

namespace distload {
namespace {

/// Pieces for which staging memory has room, at least.
constexpr Bytes kLeastPieces = 8;

std::string text_of(Topology const& topology) {
  return "tensor " + std::to_string(topology.tensor_parallel) + " x pipeline " +
         std::to_string(topology.pipeline_parallel) + " x data " + std::to_string(topology.data_parallel) +
         ", expert " + std::to_string(topology.expert_parallel);
}

std::string list(std::vector<std::string> const& values) {
  std::string text;
  for (auto const& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

std::string flag(bool value) { return value ? "true" : "false"; }

/// The options that must be equal on all ranks, by name. The limit of memory may differ: the smallest is used.
std::vector<std::pair<std::string, std::string>> common_settings(RedistributeOptions const& options) {
  std::vector<std::string> layers;
  for (auto const count : options.pipeline_layers) layers.push_back(std::to_string(count));
  return {{"dtype", options.dtype ? std::string(name_of(*options.dtype)) : "keep"},
          {"pipeline_layers", list(layers)},
          {"uneven", options.uneven ? std::string(word_of(*options.uneven)) : "keep"},
          {"transpose", options.transpose ? flag(*options.transpose) : "keep"},
          {"fuse", options.fuse ? list(*options.fuse) : "keep"},
          {"split", options.split ? list(*options.split) : "keep"},
          {"staging", std::to_string(options.staging)},
          {"verify", flag(options.verify)},
          {"share", flag(options.share)},
          {"peer_memory", flag(options.peer_memory)}};
}

/// @throws ConfigError  the ranks do not make up the topology.
void check_ranks(Topology const& topology, std::size_t ranks, char const* side) {
  auto const stages = checked_multiply(topology.tensor_parallel, topology.pipeline_parallel);
  auto const needed = stages ? checked_multiply(*stages, topology.data_parallel) : std::nullopt;
  if (needed != ranks) {
    throw ConfigError(std::string("the topology of the ") + side + " (" + text_of(topology) + ") needs " +
                      (needed ? std::to_string(*needed) : "more than 2^64") + " ranks, but " + std::to_string(ranks) +
                      (ranks == 1 ? " rank holds" : " ranks hold") + " a part of it");
  }
  check_expert_parallel(topology);
}

/// By parameter of `target`: its shard on this rank lies in memory of `source`.
std::vector<bool> found_in_source(HeldModel const& source, Side const& source_side, ShardOffsets const& own_source,
                                  HeldModel const& target, Side const& target_side, ShardOffsets const& existing) {
  std::vector<bool> found(existing.size(), false);
  if (source.model == nullptr) return found;
  for (std::uint32_t index = 0; index < existing.size(); ++index) {
    auto const from = source_side.place_of[target_side.stored[target_side.tensor_of(index).first_extent]];
    if (!existing[index] || !from || !own_source[from->parameter]) continue;
    auto const here = place_in(target.arenas, *existing[index]);
    auto const there = place_in(source.arenas, *own_source[from->parameter]);
    found[index] = target.arenas[here.arena] == source.arenas[there.arena] && here.offset_bytes == there.offset_bytes;
  }
  return found;
}

Bytes moved_by(RankMoves const& rank) { return rank.local_bytes + rank.sent_bytes; }

/// True if some rank needs so much new memory that its pages are worth a measurement.
bool needs_much_memory(RedistributePlan const& plan) {
  return std::ranges::any_of(plan.ranks,
                             [](RankMoves const& rank) { return rank.target_bytes >= PageChoice::kComparedBytes; });
}

}  // namespace

ModelRecipe changed(ModelRecipe recipe, RedistributeOptions const& options) {
  auto& layout = recipe.options;
  layout.pipeline_layers = options.pipeline_layers;
  if (options.uneven) layout.uneven = *options.uneven == UnevenCuts::allow;
  if (options.transpose) layout.transpose = *options.transpose;
  if (options.fuse) layout.fuse = *options.fuse;
  if (options.split) layout.split = *options.split;
  if (options.dtype) recipe.dtype = options.dtype;
  return recipe;
}

RedistributeCall::RedistributeCall(RedistributeContext& context, char const* call, RedistributeRole const& role,
                                   std::optional<Topology> const& topology)
    : context_(context), ranks_(context.ranks), role_(role), scope_(call, "redistribute") {
  auto settings = common_settings(context.options);
  settings.emplace_back("topology", topology ? text_of(*topology) : "the target's");
  meet(ranks_, {call, std::move(settings)}, context.runtime.timeout);
  begin_ = std::chrono::steady_clock::now();
  report_progress(0, 0);
  roles_ = gather_roles(ranks_, role);
  if (context.node_of.empty()) context.node_of = number_nodes(ranks_, context.node);
}

void RedistributeCall::report_progress(Bytes done, Bytes total) {
  show_progress("redistribute");
  if (context_.progress) context_.progress({"redistribute", done, total, seconds_since(begin_)});
}

void RedistributeCall::check_presence(HeldModel const& held, std::optional<std::uint32_t> const& number,
                                      char const* role) const {
  if ((held.model != nullptr) != number.has_value()) {
    throw ConfigError(std::string("a rank that has a number in the ") + role + "'s topology passes its part of the " +
                      role + ", and no other rank does");
  }
  if (held.model != nullptr && held.arenas.empty()) {
    throw ConfigError(std::string("the ") + role + " has been moved from");
  }
  if (held.model != nullptr && held.recipe == nullptr) {
    throw ConfigError(std::string("the ") + role + " was not loaded by Loader");
  }
}

DescribedModel RedistributeCall::agreed(HeldModel const& held, std::uint32_t first) {
  auto own = all_or_throw(ranks_, "redistribute_plan", [&]() -> std::vector<std::byte> {
    if (ranks_.rank() != first) return {};
    return serialize(*held.recipe, held.model->topology(), held.model->sources());
  });
  auto const message = broadcast_message(ranks_, std::move(own), first);
  return deserialize_model(message);
}

void RedistributeCall::make_sides(DescribedModel const* target, Topology const& topology) {
  check_ranks(source_model_.topology, roles_.source_ranks.size(), "source");
  check_ranks(topology, roles_.target_ranks.size(), "target");
  if (target != nullptr && !have_same_tensors(source_model_.recipe, target->recipe)) {
    throw ConfigError("source and target are models with different tensors");
  }
  target_recipe_ = std::make_shared<ModelRecipe const>(
      target != nullptr ? target->recipe : changed(source_model_.recipe, context_.options));
  source_ = make_side(source_model_.recipe, source_model_.topology);
  target_ = make_side(*target_recipe_, topology);
}

bool RedistributeCall::can_read_from_peers() {
  auto& known = context_.reads_from_peers;
  if (!known) {
    bool const may = context_.options.peer_memory && device_of_process().is_host();
    known = is_on_all(ranks_, may && !why_not_peer_memory(context_.node));
  }
  return *known;
}

std::map<std::uint32_t, ShardOffsets> RedistributeCall::sources_of_node(ShardOffsets own) {
  auto& node = context_.node;
  own.resize(source_.cut.layout.parameters.size());
  auto const members = all_gathered(node, ranks_.rank());
  ShardOffsets all(node.size() * own.size());
  node.all_gather(std::as_bytes(std::span(own)), std::as_writable_bytes(std::span(all)));
  std::map<std::uint32_t, ShardOffsets> sources;
  auto next = all.begin();
  for (auto const member : members) {
    auto const end = next + static_cast<std::ptrdiff_t>(own.size());
    sources[member].assign(next, end);
    next = end;
  }
  return sources;
}

void RedistributeCall::make_plan(HeldModel const& source, HeldModel const& target, bool in_place) {
  bool const reads_from_peers = can_read_from_peers();
  auto const& configured = context_.options.memory_limit;
  auto const limit = least_limit(
      configured ? configured : available_arena_bytes(device_of_process(), context_.node.size(), 1), ranks_);
  frees_source_ = in_place && is_on_all(ranks_, std::ranges::all_of(
                                                    source.arenas, &Arena::can_drop_pages,
                                                    [](auto const& arena) -> auto& { return *arena; }));
  ShardOffsets own_source;
  ShardOffsets existing;
  std::vector<bool> is_in_place;
  all_or_throw(ranks_, "redistribute_plan", [&] {
    if (source.model != nullptr) {
      own_source = offsets_in(*source.model, source_);
      check_model(*source.model, source_, *role_.source_rank, own_source, "source");
    }
    if (target.model == nullptr) return;
    existing = offsets_in(*target.model, target_);
    check_model(*target.model, target_, *role_.target_rank, existing, "target");
    is_in_place = found_in_source(source, source_, own_source, target, target_, existing);
  });
  std::map<std::uint32_t, ShardOffsets> peer_sources;
  if (reads_from_peers) peer_sources = sources_of_node(own_source);
  is_in_place.resize(target_.cut.layout.parameters.size());
  plan_ = all_or_throw(ranks_, "redistribute_plan", [&] {
    RedistributePlanOptions options;
    options.staging_bytes = context_.options.staging;
    options.piece_bytes = std::min(options.piece_bytes, options.staging_bytes / kLeastPieces);
    options.memory_limit = limit;
    options.limit_counts_source = context_.options.memory_limit.has_value();
    options.shares = context_.options.share;
    options.frees_source = frees_source_;
    options.verifies = context_.options.verify;
    options.fills_existing = fills_existing_;
    options.reads_from_peers = reads_from_peers;
    return make_redistribute_plan({.source = source_,
                                   .target = target_,
                                   .source_ranks = roles_.source_ranks,
                                   .target_ranks = roles_.target_ranks,
                                   .ranks = ranks_.size(),
                                   .rank = ranks_.rank(),
                                   .node_of = context_.node_of,
                                   .own_source = std::move(own_source),
                                   .peer_sources = std::move(peer_sources),
                                   .existing = std::move(existing),
                                   .is_in_place = std::move(is_in_place),
                                   .options = options});
  });
}

std::optional<ModelParts> RedistributeCall::make_model(HeldModel const& source, Topology const& topology,
                                                       bool in_place) {
  {
    ScopeTimer const timer(times_.plan_seconds);
    all_or_throw(ranks_, "redistribute_plan", [&] { check_presence(source, role_.source_rank, "source"); });
    source_model_ = agreed(source, roles_.source_ranks.front());
    all_or_throw(ranks_, "redistribute_plan", [&] { make_sides(nullptr, topology); });
    make_plan(source, {}, in_place);
  }
  auto const own = [&] {
    ScopeTimer const timer(times_.allocate_seconds);
    compare_pages(context_.pages, needs_much_memory(plan_), context_.node);
    return all_or_throw(ranks_, "allocate", [&] {
      auto& device = device_of_process();
      if (!frees_source_) return std::make_shared<Arena>(device, plan_.arena_bytes, context_.pages.current());
      // Small pages follow what has been filled: huge ones would take more than what is freed elsewhere.
      return std::make_shared<Arena>(Arena::with_releasable_pages(device, plan_.arena_bytes, PageSize::small));
    });
  }();
  run(source.arenas, std::span(&own, 1));
  if (!role_.target_rank) return std::nullopt;
  return parts_of(source, own);
}

void RedistributeCall::fill(HeldModel const& source, HeldModel const& target) {
  {
    ScopeTimer const timer(times_.plan_seconds);
    all_or_throw(ranks_, "redistribute_plan", [&] {
      check_presence(source, role_.source_rank, "source");
      check_presence(target, role_.target_rank, "target");
    });
    source_model_ = agreed(source, roles_.source_ranks.front());
    auto const filled = agreed(target, roles_.target_ranks.front());
    fills_existing_ = true;
    all_or_throw(ranks_, "redistribute_plan", [&] { make_sides(&filled, filled.topology); });
    make_plan(source, target, /*in_place=*/false);
  }
  run(source.arenas, target.arenas);
}

void RedistributeCall::run(std::span<std::shared_ptr<Arena> const> source,
                           std::span<std::shared_ptr<Arena> const> target) {
  RunOptions options;
  std::optional<PeerArenas> peers;
  if (plan_.reads_from_peers) {
    peers.emplace(context_.node, ranks_.rank(), source);
    options.peers = &*peers;
  }
  options.verify = context_.options.verify;
  options.frees_source = frees_source_;
  options.target = &target_;
  Bytes total = 0;
  for (auto const& rank : plan_.ranks) total += moved_by(rank);
  auto const own = static_cast<double>(std::max<Bytes>(1, moved_by(plan_.ranks[ranks_.rank()])));
  Bytes done = 0;
  options.on_moved = [&](Bytes nbytes) {
    // Ranks move at about the same rate: this rank's progress in its own part stands for the total. Packed parts are
    // moved twice.
    done += nbytes;
    auto const share = std::min(1.0, static_cast<double>(done) / own);
    report_progress(static_cast<Bytes>(share * static_cast<double>(total)), total);
  };
  auto& messages = plan_.has_messages ? context_.messages.of_thread() : ranks_;
  finish_times(run_redistribution(plan_, {source, target}, ranks_, messages, options));
  if (context_.progress) context_.progress({"done", total, total, times_.seconds});
}

void RedistributeCall::finish_times(std::uint64_t overflows) {
  auto const& own = plan_.ranks[ranks_.rank()];
  std::vector<double> seconds{seconds_since(begin_)};
  ranks_.all_reduce(std::span<double>(seconds), Reduction::max);
  std::vector<std::uint64_t> sums{own.sent_bytes, own.local_bytes, own.shared_bytes, overflows};
  ranks_.all_reduce(std::span<std::uint64_t>(sums), Reduction::sum);
  std::vector<std::uint64_t> largest{own.staging_bytes, own.peak_bytes};
  ranks_.all_reduce(std::span<std::uint64_t>(largest), Reduction::max);
  times_.seconds = seconds.front();
  times_.needed_bytes = needed_bytes(source_, roles_.source_ranks, target_, roles_.target_ranks);
  times_.sent_bytes = sums[0];
  times_.local_bytes = sums[1];
  times_.shared_bytes = sums[2];
  times_.overflows = sums[3];
  times_.staging_bytes = largest[0];
  times_.peak_bytes = largest[1];
  times_.waves = plan_.waves.size();
}

ModelParts RedistributeCall::parts_of(HeldModel const& source, std::shared_ptr<Arena> own) const {
  ModelParts parts;
  parts.arenas.push_back(std::move(own));
  // Of the source's arenas, those in which shards stay.
  auto end = arena_span(*parts.arenas.front());
  std::map<std::size_t, Bytes> begins;
  auto planned = plan_.shards;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    if (!plan_.is_shared[i]) continue;
    auto const place = place_in(source.arenas, planned[i].offset_bytes);
    auto const [begin, is_new] = begins.try_emplace(place.arena, end);
    if (is_new) {
      parts.arenas.push_back(source.arenas[place.arena]);
      end += arena_span(*source.arenas[place.arena]);
    }
    planned[i].offset_bytes = begin->second + place.offset_bytes;
  }
  parts.metadata = metadata();
  parts.topology = target_.topology;
  parts.shards = shards_at(target_, *role_.target_rank, std::move(planned));
  parts.aliases = aliases_of(target_.cut, parts.shards);
  parts.recipe = target_recipe_;
  parts.sources = source_model_.sources;
  return parts;
}

}  // namespace distload
