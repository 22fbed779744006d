// Defines all keys, one line each.
#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/did_you_mean.hpp"
#include "config/scalar.hpp"

namespace distload {
namespace {

/// A check that accepts all values.
struct Anything {
  template <class T>
  void operator()(T const& /*value*/) const noexcept {}
};

/// A key for the member of Config that `member` returns. `check` throws ScalarError for invalid values.
template <class Member, class Parse, class Print, class Check = Anything>
ConfigKey key(std::string_view name, Member member, Parse parse, Print print, Check check = {}) {
  return {.name = std::string(name),
          .set =
              [=](Config& config, std::string_view text) {
                auto value = parse(text);
                check(value);
                member(config) = std::move(value);
              },
          .print =
              [=](Config const& config) {
                auto copy = config;
                return print(member(copy));
              },
          .check =
              [=](Config const& config) {
                auto copy = config;
                check(member(copy));
              }};
}

/// The same for a key whose value may be a list.
template <class... Arguments>
ConfigKey list_key(Arguments... arguments) {
  auto made = key(std::move(arguments)...);
  made.takes_list = true;
  return made;
}

std::string print_text(std::string const& value) { return value; }
std::string print_bool(bool value) { return value ? "true" : "false"; }
std::string print_number(std::uint64_t value) { return std::to_string(value); }

/// Printed such that parsing gives the same number.
std::string print_size(Bytes value) {
  auto text = format_bytes(value);
  return parse_bytes(text) == value ? text : std::to_string(value) + " B";
}

std::string print_rate(double value) { return print_size(static_cast<Bytes>(std::llround(value))) + "/s"; }

std::string print_seconds(double value) { return print_duration(std::chrono::nanoseconds(std::llround(value * 1e9))); }

double parse_bandwidth(std::string_view text) { return static_cast<double>(parse_rate(text)); }
double parse_seconds(std::string_view text) { return std::chrono::duration<double>(parse_duration(text)).count(); }

void check_bandwidth(double value) {
  if (!(value >= 1) || value > 1e18) throw ScalarError("must be a rate from 1 B/s to 1 EB/s");
}

void check_seconds(double value) {
  if (!(value >= 0) || value > 1e9) throw ScalarError("must be a duration from 0 s to 1e9 s");
}

/// Parses a value, or a word that stands for no value.
template <class Parse>
auto or_word(std::string const& word, Parse parse) {
  return [=](std::string_view text) { return text == word ? std::nullopt : std::optional(parse(text)); };
}
template <class Print>
auto or_word_printed(std::string word, Print print) {
  return [=](auto const& value) { return value ? print(*value) : word; };
}
/// Checks a value if there is one.
template <class Check>
auto if_any(Check check) {
  return [=](auto const& value) {
    if (value) check(*value);
  };
}

template <class Choice>
Choice parse_choice(std::string_view text) {
  auto const words = words_of<Choice>();
  return *choice_of<Choice>(parse_one_of(text, std::vector<std::string>(words.begin(), words.end())));
}

template <class Choice>
std::string print_choice(Choice choice) {
  return std::string(word_of(choice));
}

template <class Choice>
void check_choice(Choice choice) {
  if (!is_choice(choice)) throw ScalarError("is none of its choices");
}

/// A key for a member of an enumeration type.
template <class Member>
ConfigKey choice_key(std::string name, Member member) {
  using Choice = std::remove_reference_t<decltype(member(std::declval<Config&>()))>;
  auto made = key(std::move(name), member, parse_choice<Choice>, print_choice<Choice>, check_choice<Choice>);
  auto const words = words_of<Choice>();
  made.choices.assign(words.begin(), words.end());
  return made;
}

std::string parse_text(std::string_view text) { return std::string(text); }

void check_text(std::string const& text) {
  if (text.find('\0') != std::string::npos) throw ScalarError("must not hold a NUL character");
}

void check_path(std::string const& text) {
  if (text.empty()) throw ScalarError("must not be empty");
  check_text(text);
}

/// Above the memory of any node; sums of a few such numbers do not overflow 64 bits.
constexpr Bytes kMaxStaging = kTiB;

void check_staging(Bytes bytes) {
  if (bytes > kMaxStaging) throw ScalarError("must be at most " + format_bytes(kMaxStaging));
  if (bytes < 16 * kMiB) throw ScalarError("must be at least 16 MiB: a few blocks of 4 MiB must fit at once");
}

/// The limit for saving, whose slots are smaller.
void check_save_staging(Bytes bytes) {
  if (bytes > kMaxStaging) throw ScalarError("must be at most " + format_bytes(kMaxStaging));
}

constexpr std::uint32_t kMaxPrefetch = 64;

/// Number of waves read ahead; true and false mean 1 and 0.
std::uint32_t parse_prefetch(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) == 0) return parse_boolean(text) ? 1 : 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(parse_count(text), kMaxPrefetch + 1));
}

std::string print_prefetch(std::uint32_t waves) { return waves <= 1 ? print_bool(waves == 1) : std::to_string(waves); }

void check_prefetch(std::uint32_t waves) {
  if (waves > kMaxPrefetch) throw ScalarError("must be at most " + std::to_string(kMaxPrefetch));
}

/// The types that elements can be cast to, with their names.
constexpr std::array<std::pair<std::string_view, DType>, 3> kCasts{
    {{"bf16", DType::bf16}, {"fp16", DType::f16}, {"fp32", DType::f32}}};

std::optional<DType> parse_dtype(std::string_view text) {
  std::vector<std::string> words{"keep"};
  for (auto const& [word, dtype] : kCasts) words.emplace_back(word);
  auto const word = parse_one_of(text, words);
  auto const* const found = std::ranges::find(kCasts, word, &decltype(kCasts)::value_type::first);
  return found == kCasts.end() ? std::nullopt : std::optional(found->second);
}

std::string print_dtype(std::optional<DType> dtype) {
  if (!dtype) return "keep";
  auto const* const found = std::ranges::find(kCasts, *dtype, &decltype(kCasts)::value_type::second);
  return found == kCasts.end() ? std::string(name_of(*dtype)) : std::string(found->first);
}

void check_dtype(DType dtype) {
  if (std::ranges::find(kCasts, dtype, &decltype(kCasts)::value_type::second) == kCasts.end())
    throw ScalarError("must be one of bf16, fp16, fp32");
}

void check_alignment(Bytes bytes) {
  if (bytes < 4 * kKiB || bytes > kGiB || !std::has_single_bit(bytes))
    throw ScalarError("must be a power of two from 4 KiB to 1 GiB");
}

void check_shard_size(Bytes bytes) {
  if (bytes < 1'000'000 || bytes > kTiB) throw ScalarError("must be from 1 MB to 1 TiB");
}

/// A check for numbers from `parse_positive_u32`.
auto at_most(std::uint32_t most) {
  return [=](std::uint32_t number) {
    if (number == 0) throw ScalarError("must be at least 1");
    if (number > most) throw ScalarError("must be at most " + std::to_string(most));
  };
}

/// Layers of each stage: "[20, 28]"; empty for `auto`.
std::vector<std::uint32_t> parse_pipeline_layers(std::string_view text) {
  if (text == "auto") return {};
  std::vector<std::uint32_t> layers;
  for (auto const item : split_list(text)) layers.push_back(parse_positive_u32(item));
  return layers;
}

std::string print_pipeline_layers(std::vector<std::uint32_t> const& layers) {
  if (layers.empty()) return "auto";
  std::vector<std::string> items;
  items.reserve(layers.size());
  for (auto const count : layers) items.push_back(std::to_string(count));
  return join_list(items);
}

void check_pipeline_layers(std::vector<std::uint32_t> const& layers) {
  if (layers.size() > kMaxRanks) throw ScalarError("must be at most " + std::to_string(kMaxRanks) + " stages");
  if (std::ranges::find(layers, 0U) != layers.end()) throw ScalarError("must be at least 1");
}

std::vector<std::string> parse_names(std::string_view text) {
  if (text == "[]") return {};
  std::vector<std::string> names;
  for (auto const item : split_list(text)) names.emplace_back(item);
  return names;
}

std::string print_names(std::vector<std::string> const& names) { return join_list(names); }

void check_names(std::vector<std::string> const& names) { std::ranges::for_each(names, check_path); }

/// Names of files; nothing for `auto`.
std::optional<std::vector<std::string>> parse_files(std::string_view text) {
  if (text == "auto") return std::nullopt;
  return text == "none" ? std::vector<std::string>{} : parse_names(text);
}

std::string print_files(std::optional<std::vector<std::string>> const& files) {
  if (!files) return "auto";
  return files->empty() ? "none" : print_names(*files);
}

std::chrono::milliseconds parse_timeout(std::string_view text) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
}

void check_timeout(std::chrono::milliseconds timeout) {
  if (timeout < std::chrono::seconds(1)) throw ScalarError("must be at least 1 s");
}

/// Returns a function for `key` that gives a member of a section by reference. `Section` gives the section of a Config.
template <class Section, class Member>
auto of(Section section, Member member) {
  return [=](Config & config) -> auto& { return section(config).*member; };
}

/// The key of a number of ranks, or `auto`.
template <class Member>
ConfigKey ranks_key(std::string name, Member member) {
  return key(std::move(name), member, or_word("auto", parse_positive_u32), or_word_printed("auto", print_number),
             if_any(at_most(kMaxRanks)));
}

/// The key of a size, or `auto`.
template <class Member, class Check = Anything>
ConfigKey size_or_auto_key(std::string name, Member member, Check check = {}) {
  return key(std::move(name), member, or_word("auto", parse_size), or_word_printed("auto", print_size), check);
}

std::vector<ConfigKey> checkpoint_keys() {
  auto const checkpoint = [](Config & config) -> auto& { return config.checkpoint; };
  return {
      key("checkpoint.path", of(checkpoint, &CheckpointOptions::path), parse_text, print_text, check_path),
      key("checkpoint.step", of(checkpoint, &CheckpointOptions::step), or_word("latest", parse_count),
          or_word_printed("latest", print_number)),
      key("checkpoint.strict_latest", of(checkpoint, &CheckpointOptions::strict_latest), parse_boolean, print_bool),
  };
}

std::vector<ConfigKey> topology_keys() {
  auto const topology = [](Config & config) -> auto& { return config.topology; };
  return {
      ranks_key("topology.tensor_parallel", of(topology, &TopologyOptions::tensor_parallel)),
      key("topology.pipeline_parallel", of(topology, &TopologyOptions::pipeline_parallel), parse_positive_u32,
          print_number, at_most(kMaxRanks)),
      list_key(std::string("topology.pipeline_layers"), of(topology, &TopologyOptions::pipeline_layers),
               parse_pipeline_layers, print_pipeline_layers, check_pipeline_layers),
      key("topology.expert_parallel", of(topology, &TopologyOptions::expert_parallel), parse_positive_u32, print_number,
          at_most(kMaxRanks)),
      choice_key("topology.uneven", of(topology, &TopologyOptions::uneven)),
      ranks_key("topology.data_parallel", of(topology, &TopologyOptions::data_parallel)),
      choice_key("topology.bind", of(topology, &TopologyOptions::bind)),
      key("topology.share_device", of(topology, &TopologyOptions::share_device), parse_boolean, print_bool),
  };
}

std::vector<ConfigKey> model_keys() {
  auto const model = [](Config & config) -> auto& { return config.model; };
  return {
      key("model.family", of(model, &ModelOptions::family), parse_text, print_text, check_path),
      key("model.rules", of(model, &ModelOptions::rules), parse_text, print_text, check_path),
      key("model.config", of(model, &ModelOptions::config), parse_text, print_text, check_path),
      key("model.strip_prefix", of(model, &ModelOptions::strip_prefix), parse_text, print_text, check_text),
      list_key(std::string("model.fuse"), of(model, &ModelOptions::fuse), parse_names, print_names, check_names),
      list_key(std::string("model.split"), of(model, &ModelOptions::split), parse_names, print_names, check_names),
      choice_key("model.missing", of(model, &ModelOptions::missing)),
      choice_key("model.unexpected", of(model, &ModelOptions::unexpected)),
  };
}

std::vector<ConfigKey> load_keys() {
  auto const load = [](Config & config) -> auto& { return config.load; };
  return {
      choice_key("load.engine", of(load, &LoadOptions::engine)),
      key("load.prefetch", of(load, &LoadOptions::prefetch), parse_prefetch, print_prefetch, check_prefetch),
      key("load.verify", of(load, &LoadOptions::verify), parse_boolean, print_bool),
      key("load.staging", of(load, &LoadOptions::staging), parse_size, print_size, check_staging),
      size_or_auto_key("load.memory_limit", of(load, &LoadOptions::memory_limit)),
      choice_key("load.huge_pages", of(load, &LoadOptions::huge_pages)),
      key("load.dtype", of(load, &LoadOptions::dtype), parse_dtype, print_dtype, if_any(check_dtype)),
      key("load.transpose", of(load, &LoadOptions::transpose), parse_boolean, print_bool),
      key("load.read_datasets", of(load, &LoadOptions::read_datasets), or_word("auto", parse_boolean),
          or_word_printed("auto", print_bool)),
      key("load.peer_writes", of(load, &LoadOptions::peer_writes), parse_boolean, print_bool),
  };
}

std::vector<ConfigKey> save_keys() {
  auto const save = [](Config & config) -> auto& { return config.save ? *config.save : config.save.emplace(); };
  return {
      key("save.directory", of(save, &SaveOptions::directory), parse_text, print_text, check_path),
      ranks_key("save.tensor_parallel", of(save, &SaveOptions::tensor_parallel)),
      choice_key("save.format", of(save, &SaveOptions::format)),
      key("save.async", of(save, &SaveOptions::async), parse_boolean, print_bool),
      size_or_auto_key("save.async_staging", of(save, &SaveOptions::async_staging)),
      choice_key("save.engine", of(save, &SaveOptions::engine)),
      choice_key("save.verify", of(save, &SaveOptions::verify)),
      size_or_auto_key("save.staging", of(save, &SaveOptions::staging), if_any(check_save_staging)),
      key("save.base", of(save, &SaveOptions::base), parse_text, print_text, check_text),
      key("save.stream", of(save, &SaveOptions::stream), parse_boolean, print_bool),
      key("save.keep", of(save, &SaveOptions::keep), parse_count, print_number),
      key("save.step", of(save, &SaveOptions::step), or_word("auto", parse_count),
          or_word_printed("auto", print_number)),
      key("save.name", of(save, &SaveOptions::name), or_word("auto", parse_text), or_word_printed("auto", print_text),
          if_any(check_path)),
      key("save.overwrite", of(save, &SaveOptions::overwrite), parse_boolean, print_bool),
      list_key(std::string("save.files"), of(save, &SaveOptions::files), parse_files, print_files, if_any(check_names)),
      key("save.alignment", of(save, &SaveOptions::alignment), parse_size, print_size, check_alignment),
      key("save.shard_size", of(save, &SaveOptions::shard_size), parse_size, print_size, check_shard_size),
  };
}

std::vector<ConfigKey> report_keys() {
  auto const report = [](Config & config) -> auto& { return config.report; };
  return {
      key("report.json", of(report, &ReportOptions::json), parse_text, print_text, check_text),
      key("report.tensors", of(report, &ReportOptions::tensors), parse_boolean, print_bool),
      choice_key("report.progress", of(report, &ReportOptions::progress)),
      key("report.trace", of(report, &ReportOptions::trace), parse_text, print_text, check_text),
  };
}

std::vector<ConfigKey> runtime_keys() {
  auto const runtime = [](Config & config) -> auto& { return config.runtime; };
  return {
      key("runtime.timeout", of(runtime, &RuntimeOptions::timeout), parse_timeout, print_duration, check_timeout),
      key("runtime.threads", of(runtime, &RuntimeOptions::threads), or_word("auto", parse_positive_u32),
          or_word_printed("auto", print_number), if_any(at_most(kMaxHostThreads))),
  };
}

std::vector<ConfigKey> cost_keys() {
  auto const cost = [](Config & config) -> auto& { return config.cost; };
  return {
      key("cost.storage_bandwidth", of(cost, &CostModel::storage_bandwidth), parse_bandwidth, print_rate,
          check_bandwidth),
      key("cost.cache_bandwidth", of(cost, &CostModel::cache_bandwidth), parse_bandwidth, print_rate, check_bandwidth),
      key("cost.link_bandwidth", of(cost, &CostModel::link_bandwidth), parse_bandwidth, print_rate, check_bandwidth),
      key("cost.storage_latency", of(cost, &CostModel::storage_latency_seconds), parse_seconds, print_seconds,
          check_seconds),
      key("cost.link_latency", of(cost, &CostModel::link_latency_seconds), parse_seconds, print_seconds, check_seconds),
      key("cost.request_overhead", of(cost, &CostModel::request_overhead_seconds), parse_seconds, print_seconds,
          check_seconds),
      key("cost.node_storage_bandwidth", of(cost, &CostModel::node_storage_bandwidth), or_word("auto", parse_bandwidth),
          or_word_printed("auto", print_rate), if_any(check_bandwidth)),
      key("cost.upload_bandwidth", of(cost, &CostModel::upload_bandwidth), parse_bandwidth, print_rate,
          check_bandwidth),
      key("cost.peer_bandwidth", of(cost, &CostModel::peer_bandwidth), parse_bandwidth, print_rate, check_bandwidth),
      key("cost.device_memory_bandwidth", of(cost, &CostModel::device_memory_bandwidth), parse_bandwidth, print_rate,
          check_bandwidth),
      key("cost.memory_bandwidth", of(cost, &CostModel::memory_bandwidth), parse_bandwidth, print_rate,
          check_bandwidth),
      key("cost.mapped_bandwidth", of(cost, &CostModel::mapped_bandwidth), parse_bandwidth, print_rate,
          check_bandwidth),
      key("cost.save_bandwidth", of(cost, &CostModel::save_bandwidth), parse_bandwidth, print_rate, check_bandwidth),
      key("cost.save_latency", of(cost, &CostModel::save_latency_seconds), parse_seconds, print_seconds, check_seconds),
      key("cost.start", of(cost, &CostModel::start_seconds), parse_seconds, print_seconds, check_seconds),
  };
}

std::vector<ConfigKey> make_keys() {
  std::vector<ConfigKey> keys;
  for (auto const section :
       {checkpoint_keys, topology_keys, model_keys, load_keys, save_keys, report_keys, runtime_keys, cost_keys}) {
    auto made = section();
    std::ranges::move(made, std::back_inserter(keys));
  }
  return keys;
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
  auto const name = std::string(key.substr(kHintsPrefix.size()));
  check_path(name);
  check_text(std::string(value));
  config.load.hints[name] = value;
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
