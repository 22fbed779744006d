// One line per key.
#include "config/schema.hpp"

#include <algorithm>
#include <cctype>

#include "config/did_you_mean.hpp"
#include "config/scalar.hpp"

namespace distload {
namespace {

using Choices = std::vector<std::string>;

/// A reference to a member, reached through its section. `Section` gives the section of a Config.
template <class Section, class Member, class Parse, class Print>
ConfigKey key(std::string name, Section section, Member member, Parse parse, Print print) {
  return {std::move(name), [=](Config& config, std::string_view text) { section(config).*member = parse(text); },
          [=](Config const& config) {
            auto copy = config;
            return print(section(copy).*member);
          }};
}

/// The same for a key that may have a list for its value.
template <class Section, class Member, class Parse, class Print>
ConfigKey list_key(std::string name, Section section, Member member, Parse parse, Print print) {
  auto made = key(std::move(name), section, member, parse, print);
  made.takes_list = true;
  return made;
}

std::string print_text(std::string const& value) { return value; }
std::string print_bool(bool value) { return value ? "true" : "false"; }
std::string print_number(std::uint64_t value) { return std::to_string(value); }
std::string print_size(Bytes value) { return format_bytes(value); }
std::string print_rate(Bytes value) { return format_bytes(value) + "/s"; }

/// A value or a word that stands for none.
template <class Parse>
auto or_word(std::string const& word, Parse parse) {
  return [=](std::string_view text) { return text == word ? std::nullopt : std::optional(parse(text)); };
}
template <class Print>
auto or_word_printed(std::string word, Print print) {
  return [=](auto const& value) { return value ? print(*value) : word; };
}

auto one_of(Choices const& choices) {
  return [=](std::string_view text) { return parse_one_of(text, choices); };
}

std::string parse_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) throw ScalarError("must not hold a NUL character");
  return std::string(text);
}

std::string parse_path(std::string_view text) {
  if (text.empty()) throw ScalarError("must not be empty");
  return parse_text(text);
}

/// Above any node's memory, and far below where sums of a few of them leave 64 bits.
constexpr Bytes kMaxStaging = kTiB;
constexpr Bytes kMaxAlignment = kGiB;

Bytes parse_staging(std::string_view text) {
  auto const bytes = parse_size(text);
  if (bytes > kMaxStaging) throw ScalarError("must be at most " + format_bytes(kMaxStaging));
  if (bytes < 16 * kMiB) throw ScalarError("must be at least 16 MiB: a few blocks of 4 MiB must fit at once");
  return bytes;
}

/// Waves that are read ahead; true and false are words for one and none.
std::uint32_t parse_prefetch(std::string_view text) {
  constexpr std::uint64_t kMost = 64;
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) == 0) return parse_boolean(text) ? 1 : 0;
  auto const waves = parse_count(text);
  if (waves > kMost) throw ScalarError("must be at most " + std::to_string(kMost));
  return static_cast<std::uint32_t>(waves);
}

std::string print_prefetch(std::uint32_t waves) { return waves <= 1 ? print_bool(waves == 1) : std::to_string(waves); }

Bytes parse_alignment(std::string_view text) {
  auto const bytes = parse_size(text);
  if (bytes < 4 * kKiB || bytes > kMaxAlignment || (bytes & (bytes - 1)) != 0) {
    throw ScalarError("must be a power of two from 4 KiB to 1 GiB");
  }
  return bytes;
}

Bytes parse_shard_size(std::string_view text) {
  auto const bytes = parse_size(text);
  if (bytes < 1'000'000 || bytes > kTiB) throw ScalarError("must be from 1 MB to 1 TiB");
  return bytes;
}

std::uint32_t parse_threads(std::string_view text) {
  auto const threads = parse_positive_u32(text);
  if (threads > kMaxHostThreads) throw ScalarError("must be at most " + std::to_string(kMaxHostThreads));
  return threads;
}

std::uint32_t parse_ranks(std::string_view text) {
  auto const ranks = parse_positive_u32(text);
  if (ranks > kMaxRanks) throw ScalarError("must be at most " + std::to_string(kMaxRanks));
  return ranks;
}

/// Layers of each stage: "[20, 28]", or nothing for `auto`.
std::vector<std::uint32_t> parse_pipeline_layers(std::string_view text) {
  if (text == "auto") return {};
  std::vector<std::uint32_t> layers;
  for (auto const item : split_list(text)) layers.push_back(parse_positive_u32(item));
  if (layers.size() > kMaxRanks) throw ScalarError("must be at most " + std::to_string(kMaxRanks) + " stages");
  return layers;
}

std::string print_pipeline_layers(std::vector<std::uint32_t> const& layers) {
  if (layers.empty()) return "auto";
  std::vector<std::string> items;
  items.reserve(layers.size());
  for (auto const count : layers) items.push_back(std::to_string(count));
  return join_list(items);
}

std::vector<std::string> parse_names(std::string_view text) {
  if (text == "[]") return {};
  std::vector<std::string> names;
  for (auto const item : split_list(text)) names.push_back(parse_path(item));
  return names;
}

std::string print_names(std::vector<std::string> const& names) { return join_list(names); }

/// Names of files, or nothing for `auto`.
std::optional<std::vector<std::string>> parse_files(std::string_view text) {
  if (text == "auto") return std::nullopt;
  return text == "none" ? std::vector<std::string>{} : parse_names(text);
}

std::string print_files(std::optional<std::vector<std::string>> const& files) {
  if (!files) return "auto";
  return files->empty() ? "none" : print_names(*files);
}

std::chrono::milliseconds parse_timeout(std::string_view text) {
  auto const timeout = std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
  if (timeout < std::chrono::seconds(1)) throw ScalarError("must be at least 1 s");
  return timeout;
}

std::vector<ConfigKey> make_keys() {
  auto const checkpoint = [](Config & config) -> auto& { return config.checkpoint; };
  auto const topology = [](Config & config) -> auto& { return config.topology; };
  auto const model = [](Config & config) -> auto& { return config.model; };
  auto const load = [](Config & config) -> auto& { return config.load; };
  auto const save = [](Config & config) -> auto& { return config.save ? *config.save : config.save.emplace(); };
  auto const report = [](Config & config) -> auto& { return config.report; };
  auto const runtime = [](Config & config) -> auto& { return config.runtime; };
  auto const cost = [](Config & config) -> auto& { return config.cost; };
  auto const ranks = or_word("auto", parse_ranks);
  auto const tolerance = one_of({"error", "warn", "ignore"});
  auto const ranks_printed = or_word_printed("auto", print_number);

  return {
      key("checkpoint.path", checkpoint, &CheckpointConfig::path, parse_path, print_text),
      key("checkpoint.step", checkpoint, &CheckpointConfig::step, or_word("latest", parse_count),
          or_word_printed("latest", print_number)),
      key("checkpoint.strict_latest", checkpoint, &CheckpointConfig::strict_latest, parse_boolean, print_bool),
      key("topology.tensor_parallel", topology, &TopologyConfig::tensor_parallel, ranks, ranks_printed),
      key("topology.pipeline_parallel", topology, &TopologyConfig::pipeline_parallel, parse_ranks, print_number),
      list_key("topology.pipeline_layers", topology, &TopologyConfig::pipeline_layers, parse_pipeline_layers,
               print_pipeline_layers),
      key("topology.expert_parallel", topology, &TopologyConfig::expert_parallel, parse_ranks, print_number),
      key("topology.uneven", topology, &TopologyConfig::uneven, one_of({"error", "allow"}), print_text),
      key("topology.data_parallel", topology, &TopologyConfig::data_parallel, ranks, ranks_printed),
      key("model.family", model, &ModelConfig::family, parse_path, print_text),
      key("model.rules", model, &ModelConfig::rules, parse_path, print_text),
      key("model.config", model, &ModelConfig::config, parse_path, print_text),
      list_key("model.fuse", model, &ModelConfig::fuse, parse_names, print_names),
      list_key("model.split", model, &ModelConfig::split, parse_names, print_names),
      key("model.missing", model, &ModelConfig::missing, tolerance, print_text),
      key("model.unexpected", model, &ModelConfig::unexpected, tolerance, print_text),
      key("load.engine", load, &LoadConfig::engine, one_of({"auto", "collective", "buffered", "direct", "mmap"}),
          print_text),
      key("load.prefetch", load, &LoadConfig::prefetch, parse_prefetch, print_prefetch),
      key("load.verify", load, &LoadConfig::verify, parse_boolean, print_bool),
      key("load.staging", load, &LoadConfig::staging, parse_staging, print_size),
      key("load.memory_limit", load, &LoadConfig::memory_limit, or_word("auto", parse_size),
          or_word_printed("auto", print_size)),
      key("load.huge_pages", load, &LoadConfig::huge_pages, one_of({"transparent", "reserved"}), print_text),
      key("load.dtype", load, &LoadConfig::dtype, one_of({"keep", "bf16", "fp16", "fp32"}), print_text),
      key("load.transpose", load, &LoadConfig::transpose, parse_boolean, print_bool),
      key("save.directory", save, &SaveConfig::directory, parse_path, print_text),
      key("save.tensor_parallel", save, &SaveConfig::tensor_parallel, ranks, ranks_printed),
      key("save.format", save, &SaveConfig::format, one_of({"hdf5", "safetensors"}), print_text),
      key("save.async", save, &SaveConfig::async, parse_boolean, print_bool),
      key("save.async_staging", save, &SaveConfig::async_staging, or_word("auto", parse_size),
          or_word_printed("auto", print_size)),
      key("save.engine", save, &SaveConfig::engine, one_of({"auto", "direct", "collective"}), print_text),
      key("save.verify", save, &SaveConfig::verify, one_of({"none", "index", "full"}), print_text),
      key("save.base", save, &SaveConfig::base, parse_text, print_text),
      key("save.stream", save, &SaveConfig::stream, parse_boolean, print_bool),
      key("save.keep", save, &SaveConfig::keep, parse_count, print_number),
      key("save.step", save, &SaveConfig::step, or_word("auto", parse_count), or_word_printed("auto", print_number)),
      key("save.name", save, &SaveConfig::name, or_word("auto", parse_path), or_word_printed("auto", print_text)),
      key("save.overwrite", save, &SaveConfig::overwrite, parse_boolean, print_bool),
      list_key("save.files", save, &SaveConfig::files, parse_files, print_files),
      key("save.alignment", save, &SaveConfig::alignment, parse_alignment, print_size),
      key("save.shard_size", save, &SaveConfig::shard_size, parse_shard_size, print_size),
      key("report.json", report, &ReportConfig::json, parse_text, print_text),
      key("report.tensors", report, &ReportConfig::tensors, parse_boolean, print_bool),
      key("report.progress", report, &ReportConfig::progress, one_of({"auto", "bar", "line", "json", "none"}),
          print_text),
      key("runtime.timeout", runtime, &RuntimeConfig::timeout, parse_timeout, print_duration),
      key("runtime.threads", runtime, &RuntimeConfig::threads, or_word("auto", parse_threads), ranks_printed),
      key("cost.storage_bandwidth", cost, &CostConfig::storage_bandwidth, parse_rate, print_rate),
      key("cost.cache_bandwidth", cost, &CostConfig::cache_bandwidth, parse_rate, print_rate),
      key("cost.link_bandwidth", cost, &CostConfig::link_bandwidth, parse_rate, print_rate),
      key("cost.storage_latency", cost, &CostConfig::storage_latency, parse_duration, print_duration),
      key("cost.link_latency", cost, &CostConfig::link_latency, parse_duration, print_duration),
      key("cost.request_overhead", cost, &CostConfig::request_overhead, parse_duration, print_duration),
  };
}

std::string_view section_of(std::string_view key) { return key.substr(0, key.find('.')); }
std::string_view last_of(std::string_view key) { return key.substr(key.rfind('.') + 1); }

}  // namespace

std::span<ConfigKey const> config_keys() {
  static auto const keys = make_keys();
  return keys;
}

ConfigKey const* find_config_key(std::string_view name) {
  auto const keys = config_keys();
  auto const found =
      std::find_if(keys.begin(), keys.end(), [&](ConfigKey const& candidate) { return candidate.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

void set_hint(Config& config, std::string_view key, std::string_view value) {
  auto const name = parse_path(key.substr(kHintsPrefix.size()));
  config.load.hints[name] = parse_text(value);
}

bool is_config_section(std::string_view name) {
  auto const keys = config_keys();
  return std::any_of(keys.begin(), keys.end(), [&](ConfigKey const& key) { return section_of(key.name) == name; });
}

std::string suggest_config_key(std::string_view name) {
  std::vector<std::string> names{"load.hints"};
  for (auto const& candidate : config_keys()) {
    if (last_of(candidate.name) == last_of(name)) return "; did you mean `" + candidate.name + "`?";
    names.push_back(candidate.name);
  }
  return did_you_mean(name, names);
}

std::string suggest_config_section(std::string_view name) {
  std::vector<std::string> names;
  for (auto const& candidate : config_keys()) {
    if (last_of(candidate.name) == name) return "; did you mean `" + candidate.name + "`?";
    names.emplace_back(section_of(candidate.name));
  }
  return did_you_mean(name, names);
}

}  // namespace distload
