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
#include "plan/plan_options.hpp"
#include "redistribute/described_model.hpp"
#include "redistribute/held_shards.hpp"
#include "redistribute/peer_arenas.hpp"
#include "redistribute/plan/needed_bytes.hpp"
#include "redistribute/run_redistribution.hpp"

namespace distload {
namespace {

/// Pieces for which staging memory has room, at least.
constexpr Bytes kLeastPieces = 8;

std::string list(std::vector<std::string> const& values) {
  std::string text;
  for (auto const& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

void take_out(std::vector<std::string>& names, std::vector<std::string> const& others) {
  std::erase_if(names, [&](auto const& name) { return std::ranges::find(others, name) != others.end(); });
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

RememberedModel::RememberedModel(HeldModel const& held)
    : recipe_(held.recipe), arenas_(held.arenas.begin(), held.arenas.end()) {}

bool RememberedModel::is(HeldModel const& held) const {
  return recipe_ == held.recipe &&
         std::ranges::equal(arenas_, held.arenas, [](auto const& a, auto const& b) { return a.lock() == b; });
}

ModelRecipe changed(ModelRecipe recipe, RedistributeOptions const& options) {
  auto& layout = recipe.options;
  layout.pipeline_layers = options.pipeline_layers;
  if (options.uneven) layout.uneven = *options.uneven == UnevenCuts::allow;
  if (options.transpose) layout.transpose = *options.transpose;
  if (options.fuse) layout.fuse = *options.fuse;
  if (options.split) layout.split = *options.split;
  // What is split from now on is fused no more, and the reverse.
  if (options.split && !options.fuse) take_out(layout.fuse, *options.split);
  if (options.fuse && !options.split) take_out(layout.split, *options.fuse);
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

DescribedModel RedistributeCall::described(HeldModel const& held, std::uint32_t first) {
  auto own = all_or_throw(ranks_, "redistribute_plan", [&]() -> std::vector<std::byte> {
    if (ranks_.rank() != first) return {};
    return serialize(*held.recipe, held.model->topology(), held.model->sources());
  });
  auto const message = broadcast_message(ranks_, std::move(own), first);
  return deserialize_model(message);
}

AgreedRedistribution RedistributeCall::make_sides(DescribedModel source, DescribedModel const* target,
                                                  Topology const& topology) const {
  check_ranks(source.topology, roles_.source_ranks.size(), "source");
  check_ranks(topology, roles_.target_ranks.size(), "target");
  if (target != nullptr && !have_same_tensors(source.recipe, target->recipe)) {
    throw ConfigError("source and target are models with different tensors");
  }
  AgreedRedistribution agreed;
  agreed.target_recipe = std::make_shared<ModelRecipe const>(
      target != nullptr ? target->recipe : changed(source.recipe, context_.options));
  agreed.source = make_side(source.recipe, source.topology);
  agreed.target = make_side(*agreed.target_recipe, topology);
  agreed.needed_bytes = needed_bytes(agreed.source, role_.source_rank, agreed.target, role_.target_rank);
  agreed.source_model = std::move(source);
  return agreed;
}

bool RedistributeCall::can_read_from_peers() {
  auto& known = context_.reads_from_peers;
  if (!known) {
    auto const* const device = device_if_started();
    bool const may = context_.options.peer_memory && device != nullptr && device->is_host();
    known = is_on_all(ranks_, may && !why_not_peer_memory(context_.node));
  }
  return *known;
}

std::map<std::uint32_t, ShardOffsets> RedistributeCall::sources_of_node(ShardOffsets own, std::size_t parameters) {
  auto& node = context_.node;
  own.resize(parameters);
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

RedistributeRequest RedistributeCall::request_for(AgreedRedistribution const& agreed, Bytes source_bytes) {
  auto const* const device = device_if_started();
  auto const& configured = context_.options.memory_limit;
  auto available = device == nullptr ? std::nullopt : available_arena_bytes(*device, context_.node.size(), 1);
  if (available) *available -= std::min(*available, source_bytes);
  RedistributePlanOptions options;
  options.staging_bytes = context_.options.staging;
  options.piece_bytes = std::min(options.piece_bytes, options.staging_bytes / kLeastPieces);
  if (device == nullptr || !device->is_host()) options.in_place_bytes = kDeviceMessageBytes;
  options.reads_from_peers = can_read_from_peers();
  options.memory_limit = least_limit(configured ? configured : available, ranks_);
  options.limit_counts_source = configured.has_value();
  options.shares = context_.options.share;
  options.frees_source = agreed.frees_source;
  options.verifies = context_.options.verify;
  return {.source = agreed.source,
          .target = agreed.target,
          .source_ranks = roles_.source_ranks,
          .target_ranks = roles_.target_ranks,
          .ranks = ranks_.size(),
          .rank = ranks_.rank(),
          .node_of = context_.node_of,
          .own_source = {},
          .peer_sources = {},
          .existing = {},
          .is_in_place = {},
          .options = options};
}

RedistributePlan RedistributeCall::plan_for(AgreedRedistribution const& agreed, HeldModel const& source,
                                            HeldModel const& target) {
  auto request = request_for(agreed, 0);
  all_or_throw(ranks_, "redistribute_plan", [&] {
    if (source.model != nullptr) {
      request.own_source = offsets_in(*source.model, agreed.source);
      check_model(*source.model, agreed.source, *role_.source_rank, request.own_source, "source");
    }
    if (target.model == nullptr) return;
    request.existing = offsets_in(*target.model, agreed.target);
    check_model(*target.model, agreed.target, *role_.target_rank, request.existing, "target");
    request.is_in_place =
        found_in_source(source, agreed.source, request.own_source, target, agreed.target, request.existing);
  });
  if (request.options.reads_from_peers) {
    request.peer_sources = sources_of_node(request.own_source, agreed.source.cut.layout.parameters.size());
  }
  request.is_in_place.resize(agreed.target.cut.layout.parameters.size());
  // A target that exists is on other ranks as well, where this one may have no part of it.
  request.options.fills_existing = agreed.fills_existing;
  return all_or_throw(ranks_, "redistribute_plan", [&] { return make_redistribute_plan(request); });
}

RedistributeForecast RedistributeCall::forecast(OpenedCheckpoint const& checkpoint, LoadPlan const& loaded,
                                                Topology const& topology, bool in_place) {
  auto agreed = all_or_throw(ranks_, "redistribute_plan", [&] {
    if (checkpoint.recipe == nullptr) throw ConfigError("Redistributor::forecast takes what Loader::open returns");
    return make_sides({.recipe = *checkpoint.recipe, .topology = loaded.topology, .sources = {}}, nullptr, topology);
  });
  agreed.frees_source = in_place;
  auto const& own = loaded.ranks[loaded.rank];
  auto request = request_for(agreed, own.resident_bytes - own.view_bytes);
  // Where shards will lie makes no difference.
  request.own_source.assign(agreed.source.cut.layout.parameters.size(), Bytes{0});
  if (request.options.reads_from_peers) {
    request.peer_sources = sources_of_node(request.own_source, request.own_source.size());
  }
  auto plan = all_or_throw(ranks_, "redistribute_plan", [&] { return make_redistribute_plan(request); });
  return {.from = loaded.topology,
          .to = topology,
          .in_place = in_place,
          .ranks = std::move(plan.ranks),
          .waves = plan.waves.size()};
}

std::optional<ModelParts> RedistributeCall::make_model(HeldModel const& source, Topology const& topology,
                                                       bool in_place) {
  auto agreed = std::make_shared<AgreedRedistribution>();
  {
    ScopeTimer const timer(times_.plan_seconds);
    all_or_throw(ranks_, "redistribute_plan", [&] { check_presence(source, role_.source_rank, "source"); });
    auto described_source = described(source, roles_.source_ranks.front());
    *agreed = all_or_throw(ranks_, "redistribute_plan",
                           [&] { return make_sides(std::move(described_source), nullptr, topology); });
    // Memory that another model uses as well is not freed.
    auto const can_be_freed = [](std::shared_ptr<Arena> const& arena) {
      return arena.use_count() == 1 && arena->can_drop_pages();
    };
    agreed->frees_source = in_place && is_on_all(ranks_, std::ranges::all_of(source.arenas, can_be_freed));
    agreed->plan = plan_for(*agreed, source, {});
  }
  agreed_ = agreed;
  auto const own = [&] {
    ScopeTimer const timer(times_.allocate_seconds);
    compare_pages(context_.pages, needs_much_memory(agreed->plan), context_.node);
    return all_or_throw(ranks_, "allocate", [&] {
      auto& device = device_of_process();
      auto const nbytes = agreed->plan.arena_bytes;
      if (!agreed->frees_source) return std::make_shared<Arena>(device, nbytes, context_.pages.current());
      // Small pages follow what has been filled: huge ones would take more than what is freed elsewhere.
      return std::make_shared<Arena>(Arena::with_releasable_pages(device, nbytes, PageSize::small));
    });
  }();
  run(source.arenas, std::span(&own, 1));
  if (!role_.target_rank) return std::nullopt;
  return parts_of(source, own);
}

std::shared_ptr<AgreedRedistribution const> RedistributeCall::agreed_fill(HeldModel const& source,
                                                                          HeldModel const& target) {
  auto& kept = context_.kept;
  bool const is_kept = kept && kept->role == role_ && kept->source.is(source) && kept->target.is(target);
  if (is_on_all(ranks_, is_kept)) return kept->agreed;
  ScopeTimer const timer(times_.plan_seconds);
  auto described_source = described(source, roles_.source_ranks.front());
  auto const filled = described(target, roles_.target_ranks.front());
  auto agreed = std::make_shared<AgreedRedistribution>();
  *agreed = all_or_throw(ranks_, "redistribute_plan",
                         [&] { return make_sides(std::move(described_source), &filled, filled.topology); });
  agreed->fills_existing = true;
  agreed->plan = plan_for(*agreed, source, target);
  kept.emplace(KeptPlan{role_, RememberedModel(source), RememberedModel(target), agreed});
  return agreed;
}

void RedistributeCall::fill(HeldModel const& source, HeldModel const& target) {
  all_or_throw(ranks_, "redistribute_plan", [&] {
    check_presence(source, role_.source_rank, "source");
    check_presence(target, role_.target_rank, "target");
  });
  agreed_ = agreed_fill(source, target);
  run(source.arenas, target.arenas);
}

void RedistributeCall::run(std::span<std::shared_ptr<Arena> const> source,
                           std::span<std::shared_ptr<Arena> const> target) {
  auto const& plan = agreed_->plan;
  RunOptions options;
  std::optional<PeerArenas> peers;
  if (plan.reads_from_peers) {
    peers.emplace(context_.node, ranks_.rank(), source);
    options.peers = &*peers;
  }
  options.verify = context_.options.verify;
  options.frees_source = agreed_->frees_source;
  options.target = &agreed_->target;
  Bytes total = 0;
  for (auto const& rank : plan.ranks) total += moved_by(rank);
  auto const own = static_cast<double>(std::max<Bytes>(1, moved_by(plan.ranks[ranks_.rank()])));
  Bytes done = 0;
  options.on_moved = [&](Bytes nbytes) {
    // Ranks move at about the same rate: this rank's progress in its own part stands for the total. Packed parts are
    // moved twice.
    done += nbytes;
    auto const share = std::min(1.0, static_cast<double>(done) / own);
    report_progress(static_cast<Bytes>(share * static_cast<double>(total)), total);
  };
  auto& messages = plan.has_messages ? context_.messages.of_thread() : ranks_;
  finish_times(run_redistribution(plan, {source, target}, ranks_, messages, options));
  if (context_.progress) context_.progress({"done", total, total, times_.seconds});
}

void RedistributeCall::finish_times(std::uint64_t overflows) {
  auto const& plan = agreed_->plan;
  auto const& own = plan.ranks[ranks_.rank()];
  std::vector<double> seconds{seconds_since(begin_)};
  ranks_.all_reduce(std::span<double>(seconds), Reduction::max);
  std::vector<std::uint64_t> sums{own.sent_bytes, own.local_bytes, own.shared_bytes, overflows, agreed_->needed_bytes};
  ranks_.all_reduce(std::span<std::uint64_t>(sums), Reduction::sum);
  std::vector<std::uint64_t> largest{own.staging_bytes, own.peak_bytes};
  ranks_.all_reduce(std::span<std::uint64_t>(largest), Reduction::max);
  times_.seconds = seconds.front();
  times_.sent_bytes = sums[0];
  times_.local_bytes = sums[1];
  times_.shared_bytes = sums[2];
  times_.overflows = sums[3];
  times_.needed_bytes = sums[4];
  times_.staging_bytes = largest[0];
  times_.peak_bytes = largest[1];
  times_.waves = plan.waves.size();
  times_.ranks = plan.ranks;
}

ModelParts RedistributeCall::parts_of(HeldModel const& source, std::shared_ptr<Arena> own) const {
  auto const& plan = agreed_->plan;
  ModelParts parts;
  parts.arenas.push_back(std::move(own));
  // Of the source's arenas, those in which shards stay.
  auto end = arena_span(*parts.arenas.front());
  std::map<std::size_t, Bytes> begins;
  auto planned = plan.shards;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    if (!plan.is_shared[i]) continue;
    auto const place = place_in(source.arenas, planned[i].offset_bytes);
    auto const [begin, is_new] = begins.try_emplace(place.arena, end);
    if (is_new) {
      parts.arenas.push_back(source.arenas[place.arena]);
      end += arena_span(*source.arenas[place.arena]);
    }
    planned[i].offset_bytes = begin->second + place.offset_bytes;
  }
  parts.metadata = metadata();
  parts.topology = agreed_->target.topology;
  parts.shards = shards_at(agreed_->target, *role_.target_rank, std::move(planned));
  parts.aliases = aliases_of(agreed_->target.cut, parts.shards);
  parts.recipe = agreed_->target_recipe;
  parts.sources = agreed_->source_model.sources;
  return parts;
}

}  // namespace distload
