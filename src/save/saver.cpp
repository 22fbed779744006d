// Saves in a sequence of collective steps.
#include <distload/save/saver.hpp>

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <distload/base/error.hpp>
#include <distload/config/validate.hpp>

#include "base/log.hpp"
#include "base/page_choice.hpp"
#include "base/process_memory.hpp"
#include "base/wire.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/files/choose_files.hpp"
#include "checkpoint/files/load_files.hpp"
#include "checkpoint/open/read_step.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/source_identities.hpp"
#include "config/schema.hpp"
#include "io/files/output_file.hpp"
#include "load/arena.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/liveness/call_scope.hpp"
#include "parallel/meeting.hpp"
#include "parallel/mpi_communicator.hpp"
#include "partition/fitting_ranks.hpp"
#include "partition/indivisible.hpp"
#include "partition/problems.hpp"
#include "save/checkpoint_writer.hpp"
#include "save/commit/abandoned.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/foreign_content.hpp"
#include "save/commit/retention.hpp"
#include "save/commit/target.hpp"
#include "save/open_base.hpp"
#include "save/safetensors_writer.hpp"
#include "save/save_in_flight.hpp"
#include "save/save_plan.hpp"
#include "save/save_source.hpp"
#include "save/save_wave.hpp"
#include "save/snapshot_memory.hpp"
#include "save/stream/convert_checkpoint.hpp"
#include "tensor/cast.hpp"

namespace distload {
namespace {

using Clock = std::chrono::steady_clock;

/// The default of `SaveOptions::staging`.
constexpr Bytes kDefaultStaging = 64 * kMiB;

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

/// Loads of a folder that is itself a model do not look for steps in it.
void warn_of_model_in(std::string const& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) return;
  try {
    if (!single_checkpoint(directory)) return;
  } catch (Error const&) {
    return;  // of what is there no model can be loaded
  }
  log().warn(
      "save.directory: {} is itself a model, which loads of it take; the path of what is saved there is needed "
      "to load that",
      directory);
}

void check_names(Catalog const& catalog, ModelLayout const& layout) {
  Problems problems;
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    if (!is_safetensors_name(tensor.name))
      problems.add("not UTF-8, or a name with another meaning", tensor.name, tensor.shape);
  }
  if (problems.empty()) return;
  throw ConfigError("save.format: safetensors cannot store tensors of these names:" + problems.describe());
}

/// True if both refer to the same unchanged file, so that their contents are equal.
bool is_same(CarriedFile const& a, CarriedFile const& b) {
  auto const found_as = [](CarriedFile const& file) {
    return std::tie(file.name, file.nbytes, file.path, file.offset_bytes, file.modified, file.hash);
  };
  return !a.content && found_as(a) == found_as(b);
}

/// Collective: the result of `writer`, which has committed, over all ranks.
SaveResult result_of(ExtentWriter const& writer, std::string path, std::uint64_t step, WriteEngine engine,
                     Communicator& ranks) {
  auto const own = writer.written();
  std::vector<std::uint64_t> sums{own.written, own.unchanged, own.reused};
  ranks.all_reduce(std::span(sums), Reduction::sum);
  SaveResult result;
  result.path = std::move(path);
  result.step = step;
  result.engine = engine;
  result.checkpoint_bytes = writer.catalog().nbytes();
  result.bytes = {sums[0], sums[1], sums[2]};
  return result;
}

/// The options of a conversion that must be equal on all ranks.
std::vector<std::pair<std::string, std::string>> settings_of(ConvertOptions const& options,
                                                             std::uint32_t tensor_parallel) {
  auto const engine = is_choice(options.engine) ? std::string(word_of(options.engine)) : "unknown";
  return {{"ConvertOptions::engine", engine},
          {"ConvertOptions::verify", options.verify ? "true" : "false"},
          {"ConvertOptions::staging_bytes", std::to_string(options.staging_bytes)},
          {"ConvertOptions::dtype", options.dtype ? std::string(name_of(*options.dtype)) : "keep"},
          {"tensor_parallel", std::to_string(tensor_parallel)}};
}

/// @throws ConfigError  an option is out of range.
void check_options(ConvertOptions const& options, std::uint32_t tensor_parallel) {
  if (!is_choice(options.engine)) throw ConfigError("ConvertOptions::engine is not one of ReadEngine's values");
  if (options.ranks_of_node == 0) throw ConfigError("ConvertOptions::ranks_of_node must be at least 1");
  if (tensor_parallel == 0) throw ConfigError("Saver::convert: tensor_parallel must be at least 1");
  if (options.dtype && !can_cast(DType::f64, *options.dtype)) {
    throw ConfigError("ConvertOptions::dtype is " + std::string(name_of(*options.dtype)) +
                      ", but must be F32, F16 or BF16");
  }
}

Bytes written_by_plan(SavePlan const& plan) {
  Bytes bytes = 0;
  for (auto const& wave : plan.waves) {
    for (auto const& write : wave.writes) bytes += write.nbytes;
  }
  return bytes;
}

}  // namespace

Saver::Saver(SaveOptions options, ProgressSink progress, RuntimeOptions runtime)
    : options_(std::move(options)), runtime_(runtime), progress_(std::move(progress)) {
  validate(options_);
  validate(runtime_);
}

Saver::~Saver() = default;

void Saver::check(Catalog const& catalog, ModelLayout const& layout) const {
  static_cast<void>(choose_files(catalog.metadata.files, options_.files));
  if (options_.format == SourceFormat::safetensors) {
    check_names(catalog, layout);
    return;
  }
  if (!options_.tensor_parallel) return;
  auto const ranks = *options_.tensor_parallel;
  Problems problems;
  rules::FittingRanks fitting;
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    fitting.add(parameter.partition);
    auto const words = layout.cut_words.find(parameter.rule);
    auto const why =
        indivisible(parameter.partition, ranks, words == layout.cut_words.end() ? CutWords() : words->second);
    if (why) problems.add(*why + " (" + parameter.rule + ")", tensor.name, tensor.shape);
  }
  if (problems.empty()) return;
  throw ConfigError("save.tensor_parallel: " + std::to_string(problems.count()) + " of " +
                    std::to_string(layout.parameters.size()) + " parameters cannot be cut for " +
                    std::to_string(ranks) + " ranks:" + problems.describe() + "\n  save.tensor_parallel could be " +
                    fitting.list(std::max(64U, 2 * ranks)));
}

void Saver::check_directory(bool may_touch) const {
  check_folder_can_be_made(options_.directory, may_touch ? Probe::create_file : Probe::check_permissions);
}

Bytes Saver::largest_file(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const {
  auto const carried = choose_files(checkpoint.stored_catalog().metadata.files, options_.files);
  if (options_.format == SourceFormat::hdf5) return converted_bytes(checkpoint, dtype) + bytes_of(carried);
  std::vector<SafetensorsTensor> tensors;
  for (auto const& spec : converted_tensors(checkpoint, dtype)) tensors.push_back({spec.name, spec.dtype, spec.shape});
  Bytes largest = 0;
  for (auto const& file : lay_out_safetensors(tensors, options_.shard_size))
    largest = std::max(largest, file.size_bytes);
  for (auto const& file : carried) largest = std::max(largest, file.nbytes);
  return largest;
}

SavedSpace Saver::space(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const {
  auto const& stored = checkpoint.stored_catalog();
  SavedSpace space{.path = path_of(options_.step.value_or(stored.metadata.step)), .available = {}};
  space.nbytes = converted_bytes(checkpoint, dtype) + bytes_of(choose_files(stored.metadata.files, options_.files));
  space.available = available_space(space.path);
  return space;
}

void Saver::check_space(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const {
  auto needed = space(checkpoint, dtype).nbytes;
  auto const& stored = checkpoint.stored_catalog();
  auto const step = options_.step.value_or(stored.metadata.step);
  needed -= std::min(needed, abandoned_bytes(options_.directory, step, source_identities(stored)));
  distload::check_space(path_of(step), needed);
  check_file_size(path_of(step), largest_file(checkpoint, dtype));
}

std::vector<CarriedFile> Saver::loaded_files(std::vector<CarriedFile> const& files) const {
  auto chosen = choose_files(files, options_.files);
  for (auto& file : chosen) {
    auto const kept = std::ranges::find_if(kept_files_, [&](CarriedFile const& other) { return is_same(file, other); });
    if (kept != kept_files_.end()) file.content = kept->content;
  }
  load_files(chosen);
  return chosen;
}

void Saver::keep_files(CheckpointMetadata const& metadata) { kept_files_ = loaded_files(metadata.files); }

WriteEngine Saver::engine() const {
  return options_.engine == WriteEngine::automatic ? WriteEngine::direct : options_.engine;
}

std::string Saver::path_of(std::uint64_t step) const {
  auto const is_hdf5 = options_.format == SourceFormat::hdf5;
  return std::filesystem::path(options_.directory) /
         (is_hdf5 ? checkpoint_file_name(step) : checkpoint_directory_name(step));
}

std::unique_ptr<ExtentWriter> Saver::make_writer(std::string const& path, CheckpointMetadata metadata,
                                                 std::vector<TensorSpec> const& tensors, std::uint32_t tensor_parallel,
                                                 std::span<FileIdentity const> loaded, Communicator& ranks) {
  auto base = opened_base(ranks);
  auto replacement = checked_target(path, loaded, base.get(), ranks);
  // Not taken over from the file that the model was loaded from.
  metadata.created.clear();
  metadata.writer.clear();
  all_or_throw(ranks, "save_files", [&] {
    if (ranks.rank() == 0) keep_files(metadata);
  });
  metadata.files = kept_files_;
  if (options_.format == SourceFormat::safetensors) {
    return std::make_unique<SafetensorsWriter>(path, std::move(metadata), tensors, options_, ranks,
                                               std::move(replacement.loaded));
  }
  if (engine() == WriteEngine::collective && !uses_mpi(ranks))
    throw ConfigError("save.engine: collective writes with MPI, by which these ranks do not communicate");
  auto options = options_;
  options.tensor_parallel = options_.tensor_parallel.value_or(tensor_parallel);
  return std::make_unique<CheckpointWriter>(path, std::move(metadata), tensors, options, ranks, std::move(base),
                                            std::move(replacement.loaded));
}

std::shared_ptr<Catalog const> Saver::opened_base(Communicator& ranks) const {
  if (options_.base.empty() || options_.format != SourceFormat::hdf5) return nullptr;
  return open_base(options_.base, options_.directory, ranks);
}

Replacement Saver::checked_target(std::string const& path, std::span<FileIdentity const> loaded, Catalog const* base,
                                  Communicator& ranks) const {
  Replacement replacement{options_.overwrite, {loaded.begin(), loaded.end()}};
  if (base != nullptr) {
    auto const of_base = source_identities(*base);
    replacement.loaded.insert(replacement.loaded.end(), of_base.begin(), of_base.end());
    std::ranges::sort(replacement.loaded);
  }
  // Rank 0 lists the existing entries; every rank knows which of them its node has loaded.
  auto const message = bytes_of_rank_0(ranks, "save_target", [&] {
    WireWriter out;
    auto const occupants = distload::check_target(path, replacement);
    check_temporary(path);
    out.put(occupants.size());
    for (auto const& occupant : occupants) out.put_text(occupant.path);
    return out.take();
  });
  all_or_throw(ranks, "save_target", [&] {
    WireReader in(message);
    for (auto left = in.get<std::size_t>(); left > 0; --left) {
      auto const there = in.get_text();
      if (holds_one_of(there, replacement.loaded))
        throw ConfigError(there + " is being loaded, and is not replaced; save as another step or elsewhere");
    }
  });
  return replacement;
}

void Saver::check_target(OpenedCheckpoint const& checkpoint, Communicator& ranks) const {
  auto const& stored = checkpoint.stored_catalog();
  CallScope const scope("Saver::check_target", "save");
  meet("Saver::check_target", stored.metadata.step, ranks);
  if (ranks.rank() == 0) warn_of_model_in(options_.directory);
  auto const base = opened_base(ranks);
  checked_target(path_of(options_.step.value_or(stored.metadata.step)), source_identities(stored), base.get(), ranks);
}

CheckpointMetadata Saver::to_save(CheckpointMetadata metadata) const {
  metadata.step = options_.step.value_or(metadata.step);
  metadata.model_name = options_.name.value_or(metadata.model_name);
  return metadata;
}

void Saver::remove_old(std::uint64_t step, Communicator& ranks) const {
  all_or_throw(ranks, "save_retain", [&] {
    if (ranks.rank() == 0) remove_old_checkpoints(options_.directory, step, options_.keep);
  });
}

void Saver::meet(std::string call, std::uint64_t step, Communicator& ranks,
                 std::vector<std::pair<std::string, std::string>> const& further) const {
  if (ranks.serves_device_memory()) throw ConfigError(call + " takes a communicator of host memory");
  Config config;
  config.save = options_;
  Intention intention{std::move(call), {{"step", std::to_string(step)}}};
  for (auto const& key : config_keys()) {
    if (key.name.starts_with("save.")) intention.values.emplace_back(key.name, key.print(config));
  }
  intention.values.insert(intention.values.end(), further.begin(), further.end());
  distload::meet(ranks, intention, runtime_.timeout);
}

void Saver::report_progress(Bytes done, Bytes own, Bytes total, Clock::time_point start) const {
  show_progress("save");
  if (!progress_) return;
  // Ranks write at about the same speed: this rank's progress in its own part stands for the total.
  auto const share = own == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(own);
  progress_(
      {"save", static_cast<Bytes>(share * static_cast<double>(total)), total, seconds_between(start, Clock::now())});
}

void Saver::report_end(Bytes total, Clock::time_point start) const {
  if (progress_) progress_({"done", total, total, seconds_between(start, Clock::now())});
}

SaveResult Saver::save(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks) {
  return save([&](Communicator& group) { return source_of(model, group); }, std::move(metadata), ranks);
}

SaveResult Saver::save(std::span<HeldShard const> own, CheckpointMetadata metadata, Communicator& ranks) {
  return save([&](Communicator& group) { return source_of(own, group); }, std::move(metadata), ranks);
}

SaveResult Saver::save(Gather const& gather, CheckpointMetadata metadata, Communicator& ranks) {
  CallScope const scope("Saver::save", "save");
  meet("Saver::save", metadata.step, ranks);
  wait();
  Kokkos::Profiling::ScopedRegion const region("distload::save");
  auto const start = Clock::now();
  metadata = to_save(std::move(metadata));
  auto const step = metadata.step;
  auto const source = gather(ranks);
  auto const writer = make_writer(path_of(step), std::move(metadata), source.tensors.specs,
                                  source.topology.tensor_parallel, source.loaded, ranks);
  auto const plan = all_or_throw(ranks, "save_plan", [&] {
    return make_save_plan(writer->catalog(), source.tensors.held, source.topology, ranks.rank(),
                          {options_.staging.value_or(kDefaultStaging), kArenaOnHost});
  });
  {
    std::optional<HostSlot> packed;
    auto const waves = all_or_throw(ranks, "save_allocate", [&] {
      packed.emplace(plan.packed_bytes, measured_page_size());
      return WaveWriter(plan, source, *writer);
    });
    auto const own = written_by_plan(plan);
    for (auto const& wave : plan.waves) {
      all_or_throw(ranks, "save_pack", [&] { waves.pack(wave, packed->data()); });
      waves.deliver(wave, packed->data(), ranks);
      report_progress(writer->written().handled(), own, writer->catalog().nbytes(), start);
    }
  }
  writer->commit();
  auto result = result_of(*writer, path_of(step), step, engine(), ranks);
  remove_old(step, ranks);
  report_end(result.checkpoint_bytes, start);
  result.seconds = result.stall_seconds = seconds_between(start, Clock::now());
  return result;
}

SaveResult Saver::convert(OpenedCheckpoint const& checkpoint, ConvertOptions options, std::uint32_t tensor_parallel,
                          Communicator& ranks) {
  CallScope const scope("Saver::convert", "save");
  meet("Saver::convert", checkpoint.stored_catalog().metadata.step, ranks, settings_of(options, tensor_parallel));
  wait();
  Kokkos::Profiling::ScopedRegion const region("distload::convert");
  auto const start = Clock::now();
  auto const& stored = checkpoint.stored_catalog();
  auto const metadata = to_save(stored.metadata);
  auto const path = path_of(metadata.step);
  auto const tensors = all_or_throw(ranks, "save_plan", [&] {
    check_options(options, tensor_parallel);
    return converted_tensors(checkpoint, options.dtype);
  });
  auto const writer = make_writer(path, metadata, tensors, tensor_parallel, source_identities(stored), ranks);
  auto const total = writer->catalog().nbytes();
  Bytes done = 0;
  options.on_progress = [&, callers = std::move(options.on_progress)](Bytes bytes) {
    if (callers) callers(bytes);
    done += bytes;
    // Assumes the same progress on all ranks.
    report_progress(std::min(done * ranks.size(), total), total, total, start);
  };
  auto const converted = convert_checkpoint(checkpoint, *writer, options, ranks);
  writer->commit();
  auto result = result_of(*writer, path, metadata.step, engine(), ranks);
  std::vector<std::uint64_t> read{converted.read_bytes};
  ranks.all_reduce(std::span(read), Reduction::sum);
  result.read_bytes = read.front();
  result.read_engine = converted.engine;
  result.overflows = converted.overflows;
  remove_old(metadata.step, ranks);
  report_end(total, start);
  result.seconds = result.stall_seconds = seconds_between(start, Clock::now());
  return result;
}

void Saver::prepare_memory(std::size_t parts, Bytes part_bytes, Communicator& ranks) {
  all_or_throw(ranks, "save_allocate", [&] {
    constexpr Bytes kEnough = ~Bytes{0};
    // The other half is left for allocations of the program meanwhile.
    auto const limit = options_.async_staging.value_or(available_host_bytes(2 * ranks_on_node_).value_or(kEnough));
    auto const kept = memory_ ? memory_->slots() * memory_->slot_bytes() : 0;
    auto const fitting = (options_.async_staging ? limit : limit + kept) / std::max<Bytes>(part_bytes, 1);
    auto const slots = std::clamp<std::size_t>(fitting, 1, parts);
    if (memory_ && memory_->slot_bytes() >= part_bytes && memory_->slots() >= slots) return;
    memory_.reset();
    memory_ = std::make_unique<SnapshotMemory>(slots, part_bytes);
  });
}

void Saver::save_async(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks) {
  save_async([&](Communicator& group) { return source_of(model, group); }, std::move(metadata), ranks);
}

void Saver::save_async(std::span<HeldShard const> own, CheckpointMetadata metadata, Communicator& ranks) {
  save_async([&](Communicator& group) { return source_of(own, group); }, std::move(metadata), ranks);
}

void Saver::save_async(Gather const& gather, CheckpointMetadata metadata, Communicator& ranks) {
  CallScope const scope("Saver::save_async", "save");
  meet("Saver::save_async", metadata.step, ranks);
  if (engine() == WriteEngine::collective)
    throw ConfigError("save.async: engine collective cannot write in the background; set save.engine to direct");
  if (!threads_may_use(ranks)) {
    finished_ = save(gather, std::move(metadata), ranks);
    return;
  }
  wait();
  Kokkos::Profiling::ScopedRegion const region("distload::save_async");
  auto const start = Clock::now();
  bool const is_known =
      background_ranks_ && (uses_mpi(ranks) ? have_equal_ranks(*background_ranks_, ranks) : background_of_ == &ranks);
  if (!is_known) {
    background_ranks_ = ranks.split(0, ranks.rank());
    ranks_on_node_ = ranks_on_this_machine(ranks);
    background_of_ = &ranks;
  }
  auto& own_ranks = *background_ranks_;
  metadata = to_save(std::move(metadata));
  auto const step = metadata.step;
  auto const source = gather(own_ranks);
  auto writer = make_writer(path_of(step), std::move(metadata), source.tensors.specs, source.topology.tensor_parallel,
                            source.loaded, own_ranks);
  auto plan = all_or_throw(own_ranks, "save_plan", [&] {
    return make_save_plan(writer->catalog(), source.tensors.held, source.topology, own_ranks.rank(),
                          {options_.staging.value_or(kDefaultStaging), /*allow_straight=*/false});
  });
  prepare_memory(plan.waves.size(), plan.packed_bytes, own_ranks);
  in_flight_ = all_or_throw(own_ranks, "save_allocate", [&] {
    auto waves = std::make_unique<WaveWriter>(plan, source, *writer);
    SaveInFlight::Origin const origin{step, start, written_by_plan(plan)};
    return std::make_unique<SaveInFlight>(origin, std::move(writer), std::move(plan), std::move(waves), *memory_,
                                          own_ranks);
  });
  in_flight_->take_snapshot();
}

std::optional<SaveResult> Saver::wait() {
  if (!in_flight_) return std::exchange(finished_, std::nullopt);
  CallScope const scope("Saver::wait", "save");
  auto const begin = Clock::now();
  // It is no longer in flight, even if an exception follows.
  auto const save = std::exchange(in_flight_, nullptr);
  auto const origin = save->origin();
  save->finish([&](Bytes done) { report_progress(done, origin.own_bytes, save->total_bytes(), origin.start); });
  meet("Saver::wait", origin.step, *background_ranks_);
  auto result = result_of(save->writer(), path_of(origin.step), origin.step, engine(), *background_ranks_);
  result.seconds = seconds_between(origin.start, save->ended_at());
  result.stall_seconds = save->stall_seconds();
  // Add only the wait until the save ended.
  result.stall_seconds += std::max(0.0, seconds_between(begin, save->ended_at()));
  remove_old(origin.step, *background_ranks_);
  report_end(result.checkpoint_bytes, origin.start);
  return result;
}

}  // namespace distload
