// Opens checkpoints, plans and loads.
#include <distload/load/loader.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <distload/checkpoint/checkpoint.hpp>
#include <distload/config/validate.hpp>

#include "base/page_choice.hpp"
#include "base/process_memory.hpp"
#include "base/scope_timer.hpp"
#include "base/system.hpp"
#include "base/trace.hpp"
#include "base/wire.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/fingerprint.hpp"
#include "checkpoint/hdf5/hdf5_error.hpp"
#include "checkpoint/source_identities.hpp"
#include "config/schema.hpp"
#include "device/device.hpp"
#include "io/engines/direct_engine.hpp"
#include "io/engines/make_engine.hpp"
#include "io/files/preflight.hpp"
#include "io/files/same_bytes.hpp"
#include "io/files/same_content.hpp"
#include "load/arena.hpp"
#include "load/device_peers.hpp"
#include "load/load_memory.hpp"
#include "load/open_steps.hpp"
#include "load/pipeline.hpp"
#include "load/planned_shards.hpp"
#include "load/requests_message.hpp"
#include "load/shard_places.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/device_messages.hpp"
#include "parallel/liveness/call_scope.hpp"
#include "parallel/meeting.hpp"
#include "parallel/on_all.hpp"
#include "parallel/peer_memory.hpp"
#include "parallel/stream_messages.hpp"
#include "partition/model_recipe.hpp"
#include "partition/partition_model.hpp"
#include "partition/requested.hpp"
#include "partition/rules/rules_message.hpp"
#include "plan/make_plan.hpp"
#include "plan/rank_work.hpp"

namespace distload {
namespace {

bool is_host(Device const* device) { return device != nullptr && device->is_host(); }

/// The limit of all ranks: the configured one, or what is available.
std::optional<Bytes> agreed_memory_limit(ProcessGrid const& grid, LoaderOptions const& options) {
  auto const* const device = device_if_started();
  auto const sharers = options.topology.share_device ? grid.node_size() : 1;
  auto const available = device == nullptr ? std::nullopt : available_arena_bytes(*device, grid.node_size(), sharers);
  auto const& configured = options.load.memory_limit;
  return least_limit(configured ? configured : available, grid.world());
}

Latest latest_of(CheckpointOptions const& options) { return options.strict_latest ? Latest::strict : Latest::valid; }

/// Collective: the names of the aliases whose bytes equal their targets'. The ranks divide the reading.
std::vector<std::string> same_as_their_targets(Catalog const& catalog, std::vector<StoredTie> const& ties,
                                               Communicator& ranks) {
  std::vector<std::uint64_t> same(ties.size());
  all_or_throw(ranks, "open", [&] {
    for (std::size_t i = 0; i < ties.size(); ++i) {
      same[i] = same_bytes(catalog, catalog.tensors[ties[i].alias], catalog.tensors[ties[i].target], ranks.rank(),
                           ranks.size())
                    ? 1
                    : 0;
    }
  });
  ranks.all_reduce(std::span(same), Reduction::min);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < ties.size(); ++i) {
    if (same[i] != 0) names.push_back(catalog.tensors[ties[i].alias].name);
  }
  return names;
}

/// True if elements in files are aligned as kernels and views require.
bool can_be_mapped(Catalog const& catalog) {
  return std::ranges::all_of(catalog.extents, [&](Extent const& extent) {
    return extent.offset_bytes % size_of(catalog.tensors[extent.tensor].dtype) == 0;
  });
}

/// By file number: the files that a rank's engine opens itself. `mmap` maps all files; MPI-IO and HDF5 open by name,
/// collectively, after the ranks have checked that each can.
std::vector<bool> files_opened_by(LoadPlan const& plan, Catalog const& catalog) {
  std::vector<bool> opened(catalog.files.size(), plan.engine.name == ReadEngine::mmap);
  if (plan.engine.name == ReadEngine::collective) return opened;
  for (auto const& wave : plan.work->waves) {
    for (auto const& read : wave.reads) opened[catalog.extents[read.extent].file] = true;
  }
  return opened;
}

/// The settings of a loader that must be equal on all ranks, with their names in the configuration.
std::vector<std::pair<std::string, std::string>> common_settings(LoaderOptions const& options) {
  constexpr std::array<std::string_view, 4> kSections{"checkpoint.", "model.", "load.", "cost."};
  constexpr std::array<std::string_view, 3> kOthers{"topology.pipeline_layers", "topology.uneven", "runtime.timeout"};
  Config config;
  static_cast<LoaderOptions&>(config) = options;
  std::vector<std::pair<std::string, std::string>> settings;
  for (auto const& key : config_keys()) {
    std::string_view const name = key.name;
    bool const is_used = std::ranges::any_of(kSections, [&](auto section) { return name.starts_with(section); }) ||
                         std::ranges::find(kOthers, name) != kOthers.end();
    // The minimum over the ranks is used, so that nodes may have different limits.
    if (is_used && name != "load.memory_limit") settings.emplace_back(name, key.print(config));
  }
  settings.emplace_back("releasable", options.releasable ? "true" : "false");
  for (auto const& [name, value] : options.load.hints) settings.emplace_back(std::string(kHintsPrefix) + name, value);
  return settings;
}

/// @throws ConfigError  the plan was made for another checkpoint, topology or rank.
void check_plan(LoadPlan const& plan, OpenedCheckpoint const& checkpoint, ProcessGrid const& grid) {
  if (plan.work == nullptr) throw ConfigError("the plan is empty; Loader::plan makes plans");
  if (plan.topology != grid.topology() || plan.rank != grid.rank())
    throw ConfigError("the plan was made for another topology or rank than those of the loader's process grid");
  auto const& catalog = checkpoint.catalog;
  if (plan.work->checkpoint != catalog.path)
    throw ConfigError("the plan was made for " + plan.work->checkpoint + ", not for " + catalog.path);
  if (plan.work->fingerprint != fingerprint_of(catalog) ||
      plan.work->kind_of.size() != checkpoint.layout.parameters.size()) {
    throw ConfigError("the plan was made for another checkpoint at " + catalog.path + " than the one that is open now");
  }
}

/// Collective over the node: why its ranks cannot write to each other's arenas; nothing if they can.
std::optional<std::string> why_not_peers(Communicator& node) {
  auto* const device = device_if_started();
  if (device == nullptr) return std::nullopt;  // a plan for devices that are not here
  return device->is_host() ? why_not_peer_memory(node) : why_not_device_peers(node, *device);
}

/// The buffers of a direct read. A rank that reads little populates one huge page, which may take a millisecond.
DirectEngine::Buffers buffers_for(LoadPlan const& plan, PageSize pages_of_destinations) {
  constexpr Bytes kMuch = 256 * kMiB;
  constexpr Bytes kSmallBuffer = 512 * kKiB;
  DirectEngine::Buffers buffers{.for_all = pages_of_destinations == PageSize::small};
  if (plan.ranks[plan.rank].read_bytes <= kMuch) {
    buffers.bytes = kHugePageBytes;
    buffers.each = kSmallBuffer;
  }
  return buffers;
}

/// Collective: the times of a load that ends now.
LoadTimes times_of(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, PipelineTimes const& run,
                   Bytes fresh_bytes, PagesInUse const& pages, Communicator& world) {
  std::vector<double> seconds{seconds_since(checkpoint.begin)};
  world.all_reduce(std::span<double>(seconds), Reduction::max);
  std::vector<std::uint64_t> overflows{run.overflows};
  world.all_reduce(std::span<std::uint64_t>(overflows), Reduction::sum);
  return {.open_seconds = checkpoint.open_seconds,
          .partition_seconds = checkpoint.partition_seconds,
          .plan_seconds = plan.plan_seconds,
          .read_seconds = run.read_seconds,
          .upload_seconds = run.upload_seconds,
          .exchange_seconds = run.exchange_seconds,
          .place_seconds = run.place_seconds,
          .total_seconds = seconds.front(),
          .read_bytes = run.read_bytes,
          .deferred_bytes = run.deferred_bytes,
          .overflows = overflows.front(),
          .fresh_bytes = fresh_bytes,
          .pages = pages};
}

}  // namespace

/// A call of a member function, by the user or by another member function.
class Loader::Call {
 public:
  /// Collective if called by the user: the ranks meet.
  Call(Loader& loader, char const* call, char const* phase)
      : scope_(call, phase), loader_(loader), is_outermost_(!loader.is_in_call_) {
    if (!is_outermost_) return;
    meet(loader.grid_.world(), {call, common_settings(loader.options_)}, loader.options_.runtime.timeout);
    loader.is_in_call_ = true;
  }
  ~Call() {
    if (is_outermost_) loader_.is_in_call_ = false;
  }
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;

 private:
  CallScope scope_;
  Loader& loader_;
  bool is_outermost_;
};

Loader::Loader(ProcessGrid const& grid, LoaderOptions options, ProgressSink progress)
    : grid_(grid), options_(std::move(options)), progress_(std::move(progress)) {
  validate(options_);
  messages_ = std::make_unique<DeviceMessages>(
      grid.world(), grid.node(),
      DeviceMessages::Options{.may_share = options_.topology.share_device,
                              .how_to_share = ": load.peer_writes must be on, and the device must let processes open "
                                              "each other's memory (CUDA IPC)",
                              .timeout = options_.runtime.timeout});
  pages_ = std::make_unique<PageChoice>(options_.load.huge_pages);
  hdf5::start_library();  // once per process; takes milliseconds
}

Loader::~Loader() = default;

void Loader::report_progress(std::string_view phase, std::chrono::steady_clock::time_point begin, Bytes done,
                             Bytes total) const {
  show_progress(phase);
  if (progress_) progress_({phase, done, total, seconds_since(begin)});
}

std::vector<std::byte> Loader::metadata_message(CutShort cut_short, bool with_rules) const {
  WireWriter out;
  if (with_rules) {
    auto const [catalog, rules] = read_metadata(options_, cut_short);
    put_rules(out, rules);
    serialize(catalog, out);
  } else {
    serialize(read_catalog(options_, cut_short), out);
  }
  return out.take();
}

std::vector<std::byte> Loader::agreed_metadata(CutShort cut_short, bool with_rules) {
  auto& world = grid_.world();
  try {
    return bytes_of_rank_0(world, "open", [&] { return metadata_message(cut_short, with_rules); });
  } catch (NoValidCheckpoint const& error) {
    // The same on all ranks. Ranks on other hosts may have files that rank 0 lacks.
    FileViews const views(world);
    if (views.are_one()) throw;
    all_or_throw(world, "compare", [&] {
      if (world.rank() != 0 && views.is_first(world.rank())) refuse_to_see_one(error.what());
    });
    throw;
  }
}

void Loader::refuse_to_see_one(std::string const& why_not_rank_0) const {
  std::string seen;
  try {
    seen = open_checkpoint(options_.checkpoint.path, options_.checkpoint.step, latest_of(options_.checkpoint)).path;
  } catch (Error const&) {
    return;  // rank 0 has none either
  }
  throw CorruptData(seen + " is not the same on all hosts: it is a checkpoint on " + host_name() + ", but " +
                    why_not_rank_0);
}

FamilyRules Loader::open_catalog(OpenedCheckpoint& opened, CutShort cut_short, bool with_rules) {
  reset_peak_resident();  // after the meeting, so that waiting for other ranks is not counted
  opened.begin = std::chrono::steady_clock::now();
  ScopeTimer const timer(opened.open_seconds);
  TraceScope const trace("open");
  report_progress("open", opened.begin);
  auto& world = grid_.world();
  auto const message = agreed_metadata(cut_short, with_rules);
  WireReader in(message);
  FamilyRules rules;
  if (with_rules) rules = get_rules(in);
  opened.catalog = deserialize_catalog(in.get_rest());
  check_same_content(opened.catalog, world);
  return rules;
}

OpenedCheckpoint Loader::open_tensors() {
  Call const call(*this, "Loader::open_tensors", "open");
  OpenedCheckpoint opened;
  open_catalog(opened, CutShort::refuse, /*with_rules=*/false);
  return opened;
}

OpenedCheckpoint Loader::with_requests(OpenedCheckpoint const& tensors, std::span<ShardRequest const> own) {
  Call const call(*this, "Loader::with_requests", "partition");
  OpenedCheckpoint opened;
  opened.begin = std::chrono::steady_clock::now();
  ScopeTimer const timer(opened.partition_seconds);
  report_progress("partition", opened.begin);
  TraceScope const trace("partition");
  auto& world = grid_.world();
  auto const messages = gather_messages(world, encode(own), 0);
  auto const all = broadcast_message(world, joined_messages(messages), 0);
  all_or_throw(world, "partition", [&] {
    if (grid_.topology().pipeline_parallel != 1)
      throw ConfigError("shards can be asked for on a grid without pipeline stages only");
    auto made = requested(tensors.catalog, decode_requests(all, world.size()));
    opened.catalog = std::move(made.catalog);
    opened.layout = std::move(made.layout);
    opened.stored = {tensors.catalog, std::move(made.stored_extents)};
  });
  opened.open_seconds = tensors.open_seconds;
  return opened;
}

OpenedCheckpoint Loader::open(CutShort cut_short) {
  Call const call(*this, "Loader::open", "open");
  OpenedCheckpoint opened;
  auto rules = open_catalog(opened, cut_short, /*with_rules=*/true);
  auto const begin = std::chrono::steady_clock::now();
  report_progress("partition", opened.begin);
  TraceScope const trace("partition");
  auto options = layout_options(options_);
  auto const partition = [&] {
    all_or_throw(grid_.world(), "partition", [&] {
      opened.layout =
          partition_model(opened.catalog, grid_.topology(), rules, opened.catalog.metadata.config_json, options);
    });
  };
  partition();
  if (!opened.layout.untied.empty()) {
    try {
      options.same_bytes = same_as_their_targets(opened.catalog, opened.layout.untied, grid_.world());
    } catch (Error const&) {
      if (cut_short == CutShort::refuse) throw;  // otherwise the bytes may be among those that are cut off
    }
    if (!options.same_bytes.empty()) partition();
  }
  all_or_throw(grid_.world(), "partition", [&] {
    opened.recipe = make_recipe(opened.catalog, std::move(rules), std::move(options), options_.load.dtype);
    fuse_parameters(opened);
  });
  opened.partition_seconds = seconds_since(begin);
  return opened;
}

Bytes Loader::slot_bytes(ReadEngine engine, std::uint32_t slots, Bytes block_bytes) const {
  auto const engines_own = engine == ReadEngine::direct ? DirectEngine::kMemoryBytes / slots : 0;
  auto const least = kMinimumStagingBlocks * block_bytes;
  return std::max(options_.load.staging - std::min(options_.load.staging, engines_own),
                  std::min(options_.load.staging, least));
}

bool Loader::can_write_to_peers() {
  if (!writes_to_peers_) {
    // Ranks of a node do not open memory on a device that can be released.
    bool const may = options_.load.peer_writes && (!options_.releasable || is_host(device_if_started()));
    // Ranks without peers could, but all ranks must plan alike.
    writes_to_peers_ = is_on_all(grid_.world(), may && !why_not_peers(grid_.node()));
  }
  return *writes_to_peers_;
}

Arena& Loader::arena_of(ShardedModel const& model) {
  if (model.arenas_.empty()) throw ConfigError("the model to reload has been moved from");
  if (model.arenas_.size() > 1) throw ConfigError("the model to reload shares memory with another model");
  return *model.arenas_.front();
}

void Loader::release_staging() noexcept { staging_.reset(); }

LoadPlan Loader::plan(OpenedCheckpoint const& checkpoint, OverLimit over_limit) {
  Call const call(*this, "Loader::plan", "plan");
  return plan(checkpoint, nullptr, over_limit);
}

LoadPlan Loader::plan(OpenedCheckpoint const& checkpoint, ShardedModel const& filled) {
  Call const call(*this, "Loader::plan", "plan");
  auto const memory = [&] {
    auto const& arena = arena_of(filled);
    return MemoryToFill{places_in(filled, arena, checkpoint), arena.can_be_opened()};
  };
  return plan(checkpoint, memory, OverLimit::refuse);
}

LoadPlan Loader::plan(OpenedCheckpoint const& checkpoint, std::span<ShardMemory const> own) {
  Call const call(*this, "Loader::plan of memory", "plan");
  auto const arena = arena_over(own);
  auto const memory = [&] { return MemoryToFill{places_in(own, arena, checkpoint), arena.can_be_opened()}; };
  auto plan = this->plan(checkpoint, memory, OverLimit::refuse);
  all_or_throw(grid_.world(), "plan", [&] { check_memory(own, arena, checkpoint, plan); });
  return plan;
}

LoadPlan Loader::plan(OpenedCheckpoint const& checkpoint, std::function<MemoryToFill()> const& memory,
                      OverLimit over_limit) {
  auto const begin = std::chrono::steady_clock::now();
  report_progress("plan", checkpoint.begin);
  TraceScope const trace("plan");
  auto const limit = agreed_memory_limit(grid_, options_);
  auto facts = probe_storage(options_.load.engine, checkpoint.stored_catalog(), grid_.world(), grid_.node_rank() == 0);
  auto const& topology = grid_.topology();
  bool const on_host = is_host(device_if_started());
  facts.can_be_mapped =
      on_host && options_.load.huge_pages != HugePageKind::reserved && can_be_mapped(checkpoint.catalog);
  facts.shard_bytes = checkpoint.catalog.nbytes() / (topology.tensor_parallel * topology.pipeline_parallel);
  facts.memory_limit = limit;
  if (checkpoint.catalog.described) facts.resident = 0;
  auto const choice = choose_engine(options_.load.engine, facts);
  PlanOptions options;
  options.files_are_mapped = choice.name == ReadEngine::mmap && facts.can_be_mapped;
  options.shows_passing = on_host && choice.name != ReadEngine::collective;
  options.writes_to_peers = (options.shows_passing || !on_host) && can_write_to_peers();
  if (memory) {
    auto const own = all_or_throw(grid_.world(), "plan", memory);
    auto const can_be_opened = on_host || is_on_all(grid_.world(), own.can_be_opened);
    options.writes_to_peers = options.writes_to_peers && can_be_opened;
    options.places =
        options.writes_to_peers ? shared_on_node(grid_, own.places) : PlacesByRank{{grid_.rank(), own.places}};
  }
  auto plan = all_or_throw(grid_.world(), "plan", [&] {
    // A collective engine does not run at the same time as exchanges, so it needs only one slot.
    options.slots = choice.name == ReadEngine::collective ? 1 : 1 + options_.load.prefetch;
    if (!on_host) use_device(options, options_.load.prefetch, page_bytes());
    options.staging_bytes = slot_bytes(choice.name, options.slots, checkpoint.catalog.block_bytes);
    options.page_bytes = page_bytes();
    options.node_of = grid_.node_of();
    if (over_limit == OverLimit::refuse) options.memory_limit = limit;
    options.is_limit_configured = options_.load.memory_limit.has_value();
    options.verifies = options_.load.verify && !checkpoint.catalog.block_hashes.empty();
    options.resident = choice.name == ReadEngine::direct ? 0 : facts.resident.value_or(0);
    options.dtype = options_.load.dtype;
    options.cost = options_.cost;
    if (checkpoint.stored) options.stored_extents = checkpoint.stored->extents;
    return make_plan(checkpoint.catalog, checkpoint.layout, grid_.topology(), grid_.rank(), options);
  });
  plan.engine = choice;
  plan.memory_limit = limit;
  plan.plan_seconds = seconds_since(begin);
  plan.predicted.open_seconds = checkpoint.open_seconds + checkpoint.partition_seconds + plan.plan_seconds;
  plan.predicted.total_seconds += plan.predicted.open_seconds;
  return plan;
}

LoadResult Loader::load(OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
  Call const call(*this, "Loader::load", "allocate");
  report_progress("allocate", checkpoint.begin);
  double allocate_seconds = 0;
  auto arena = [&] {
    ScopeTimer const timer(allocate_seconds);
    TraceScope const trace("allocate");
    return all_or_throw(grid_.world(), "allocate", [&] {
      check_plan(plan, checkpoint, grid_);
      if (!options_.releasable) return Arena(device_of_process(), plan.arena_bytes, pages_->current());
      auto made = Arena::with_releasable_pages(device_of_process(), plan.arena_bytes, pages_->current());
      made.populate(0, plan.arena_bytes);
      return made;
    });
  }();
  auto times = fill(arena, true, checkpoint, plan);
  times.allocate_seconds = allocate_seconds;
  auto shards = shards_of(checkpoint, plan);
  auto aliases = aliases_of(checkpoint, shards);
  ShardedModel model(checkpoint.stored_catalog().metadata, plan.topology, std::move(shards), std::move(aliases),
                     std::move(arena));
  model.sources_ = source_identities(checkpoint.stored_catalog());
  model.recipe_ = checkpoint.recipe;
  return {std::move(model), times, plan.engine};
}

LoadTimes Loader::fill(Arena& arena, bool is_new, OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
  auto& world = grid_.world();
  all_or_throw(world, "device", [&] {
    if (!Kokkos::is_initialized()) throw ConfigError("Loader::load needs Kokkos: make a Kokkos::ScopeGuard first");
  });
  auto const& catalog = checkpoint.stored_catalog();
  auto const total = plan.storage_read_bytes;
  // Ranks read at about the same speed: this rank's progress in its own part stands for the total.
  auto const own = static_cast<double>(std::max<Bytes>(1, plan.ranks[plan.rank].read_bytes));
  Bytes done = 0;
  report_progress("read", checkpoint.begin, 0, total);
  auto const anonymous_before = anonymous_resident_bytes().value_or(0);
  auto const threads = static_cast<std::uint32_t>(Kokkos::DefaultHostExecutionSpace().concurrency());
  auto& device = device_of_process();
  LoadMemory memory(device, *pages_);
  if (is_new) {
    memory.compare_pages(plan, grid_.node());
    memory.populate(arena, plan, threads > 1);
  }
  InputFiles files(catalog, caching_of(plan.engine.name));
  all_or_throw(world, "open", [&] { preflight(files, files_opened_by(plan, catalog)); });
  auto const engine =
      make_engine(plan.engine.name, std::move(files), world,
                  {.hints = options_.load.hints,
                   .read_datasets = options_.load.read_datasets,
                   .threads = threads,
                   .ranks_of_node = grid_.node_size(),
                   .buffers = buffers_for(plan, device.is_host() ? pages_->current() : PageSize::huge)});
  all_or_throw(world, "allocate", [&] {
    if (device.is_host()) arena.map_files(plan.work->views, engine->mapping());
    memory.fit(staging_, plan);
  });
  PipelineOptions options;
  std::optional<PeerMemory> peers;
  std::optional<DevicePeers> device_peers;
  if (plan.writes_to_peers && device.is_host()) {
    peers.emplace(grid_.node(), grid_.rank(), std::span(arena.data(), arena.nbytes()));
    options.peers = &*peers;
  } else if (plan.writes_to_peers) {
    device_peers.emplace(grid_.node(), grid_.rank(), device, arena);
    options.device_peers = &*device_peers;
  }
  options.verify = options_.load.verify;
  options.on_read = [&](Bytes bytes) {
    done += bytes;
    report_progress("read", checkpoint.begin,
                    static_cast<Bytes>(static_cast<double>(done) / own * static_cast<double>(total)), total);
  };
  options.before_write = [&](std::span<std::byte const> bytes) { memory.prepare(bytes); };
  HostStreamMessages no_messages(world);
  auto& messages = plan.has_messages ? messages_->of_streams() : no_messages;
  auto const run = run_pipeline(plan, *engine, world, messages, device, arena, *staging_, options);
  device_peers.reset();  // before the ranks meet: no arena is freed while another rank has it open
  all_or_throw(world, "close", [&] { engine->close(); });

  auto const anonymous_after = anonymous_resident_bytes().value_or(0);
  auto const fresh_bytes = anonymous_after - std::min(anonymous_after, anonymous_before);
  auto const times = times_of(checkpoint, plan, run, fresh_bytes, pages_->in_use(), world);
  report_progress("done", checkpoint.begin, total, total);
  return times;
}

LoadResult Loader::load() {
  Call const call(*this, "Loader::load", "open");
  auto const checkpoint = open();
  return load(checkpoint, plan(checkpoint));
}

ReloadResult Loader::load_into(OpenedCheckpoint const& checkpoint, LoadPlan const& plan,
                               std::span<ShardMemory const> own) {
  Call const call(*this, "Loader::load_into", "allocate");
  auto arena = arena_over(own);
  all_or_throw(grid_.world(), "allocate", [&] {
    check_plan(plan, checkpoint, grid_);
    if (!plan.work->views.empty() || (plan.writes_to_peers && !device_of_process().is_host())) {
      throw ConfigError("the plan was made for new memory: make it with Loader::plan(checkpoint, memory)");
    }
    check_memory(own, arena, checkpoint, plan);
  });
  auto const times = fill(arena, false, checkpoint, plan);
  return {times, plan.engine};
}

ReloadResult Loader::reload(ShardedModel& model, OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
  Call const call(*this, "Loader::reload", "allocate");
  all_or_throw(grid_.world(), "allocate", [&] {
    check_plan(plan, checkpoint, grid_);
    check_same(model.shards(), shards_of(checkpoint, plan));
    auto const& arena = arena_of(model);
    if (plan.writes_to_peers && !device_of_process().is_host() && !arena.can_be_opened()) {
      throw ConfigError(
          "other ranks cannot write to the model to reload, whose memory can be released: make the plan with "
          "Loader::plan(checkpoint, model)");
    }
  });
  auto const times = fill(arena_of(model), false, checkpoint, plan);
  model.metadata_ = checkpoint.stored_catalog().metadata;
  model.sources_ = source_identities(checkpoint.stored_catalog());
  model.recipe_ = checkpoint.recipe;
  return {times, plan.engine};
}

ReloadResult Loader::reload(ShardedModel& model) {
  Call const call(*this, "Loader::reload", "open");
  auto const checkpoint = open();
  return reload(model, checkpoint, plan(checkpoint, model));
}

}  // namespace distload
