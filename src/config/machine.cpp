// Reads files of config/machines.
#include "config/machine.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string_view>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>

#include "base/text.hpp"
#include "config/data_directories.hpp"
#include "config/did_you_mean.hpp"
#include "config/read_document.hpp"
#include "config/scalar.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".yaml";

struct MachineKey {
  std::string_view name;
  void (*set)(Machine&, std::string_view);
};

/// "gpu" or "host".
bool parse_is_host(std::string_view text) {
  if (text == "host" || text == "gpu") return text == "host";
  throw ScalarError("is neither gpu nor host");
}

constexpr std::array<MachineKey, 6> kKeys{{
    {"machine.nodes", [](Machine& machine, std::string_view text) { machine.nodes = parse_positive_u32(text); }},
    {"machine.devices_per_node",
     [](Machine& machine, std::string_view text) { machine.devices_per_node = parse_positive_u32(text); }},
    {"machine.device_memory",
     [](Machine& machine, std::string_view text) { machine.device_memory = parse_size(text); }},
    {"machine.device_reserve",
     [](Machine& machine, std::string_view text) { machine.device_reserve = parse_size(text); }},
    {"machine.device", [](Machine& machine, std::string_view text) { machine.on_host = parse_is_host(text); }},
    {"machine.measured", [](Machine& machine, std::string_view text) { machine.measured = text; }},
}};

/// The sections `machine`, and `cost` of configurations.
class MachineKeys final : public DocumentKeys {
 public:
  explicit MachineKeys(Machine& machine) : machine_(machine) {}

  std::string_view noun() const override { return "machine"; }
  bool has_section(std::string const& section) const override { return section == "machine" || section == "cost"; }
  std::string suggest_section(std::string const& section) const override {
    return did_you_mean(section, std::array<std::string, 2>{"machine", "cost"});
  }
  bool has(std::string const& key) const override { return own_key(key) != nullptr || is_cost(key); }
  bool takes_list(std::string const& /*key*/) const override { return false; }
  std::string suggest(std::string const& key) const override {
    std::vector<std::string> names;
    names.reserve(kKeys.size() + config_keys().size());
    for (auto const& own : kKeys) names.emplace_back(own.name);
    for (auto const& of_config : config_keys()) {
      if (of_config.name.starts_with("cost.")) names.push_back(of_config.name);
    }
    return did_you_mean(key, names);
  }
  void set(std::string const& key, std::string const& value) override {
    if (auto const* const own = own_key(key)) return own->set(machine_, value);
    Config config;
    config.cost = machine_.cost;
    find_config_key(key)->set(config, value);
    machine_.cost = config.cost;
  }

 private:
  static MachineKey const* own_key(std::string const& key) {
    auto const* const found = std::ranges::find(kKeys, key, &MachineKey::name);
    return found == kKeys.end() ? nullptr : found;
  }
  static bool is_cost(std::string const& key) { return key.starts_with("cost.") && find_config_key(key) != nullptr; }

  Machine& machine_;
};

/// What calibrate measures.
struct Measured {
  std::string_view name;
  double CostModel::*member;
  std::string_view meaning;
};
constexpr std::array<Measured, 7> kRates{{
    {"storage_bandwidth", &CostModel::storage_bandwidth, "of all ranks together"},
    {"cache_bandwidth", &CostModel::cache_bandwidth, "likewise, copies from the page cache"},
    {"memory_bandwidth", &CostModel::memory_bandwidth, "likewise, new memory"},
    {"mapped_bandwidth", &CostModel::mapped_bandwidth, "likewise, verifying mapped files"},
    {"save_bandwidth", &CostModel::save_bandwidth, "likewise, onto storage"},
    {"link_bandwidth", &CostModel::link_bandwidth, "of one rank"},
    {"peer_bandwidth", &CostModel::peer_bandwidth, "of one rank, to memory of others on its node"},
}};
constexpr std::array<Measured, 5> kTimes{{
    {"storage_latency", &CostModel::storage_latency_seconds, "until the first byte of a read arrives"},
    {"request_overhead", &CostModel::request_overhead_seconds, "of each further read request of a rank"},
    {"link_latency", &CostModel::link_latency_seconds, "of a message"},
    {"save_latency", &CostModel::save_latency_seconds, "of every save, besides"},
    {"start", &CostModel::start_seconds, "from the launcher until all ranks have started"},
}};

std::string line_of(std::string_view key, std::string const& value, std::string_view meaning) {
  auto text = "  " + std::string(key) + ": ";
  text.resize(std::max<std::size_t>(text.size(), 22), ' ');
  text += value;
  if (meaning.empty()) return text + "\n";
  text.resize(std::max<std::size_t>(text.size(), 36), ' ');
  return text + " # " + std::string(meaning) + "\n";
}

/// A text in YAML's single quotes.
std::string quoted(std::string const& text) {
  std::string quoted = "'";
  for (char const character : printable(text)) quoted += character == '\'' ? "''" : std::string(1, character);
  return quoted + "'";
}

std::string rate_text(double bytes_per_second) {
  return fixed_text(bytes_per_second / 1e9, bytes_per_second < 1e9 ? 4 : 2) + " GB/s";
}

/// In whole microseconds, or nanoseconds.
std::string time_text(double seconds) {
  auto const step = seconds < 1e-4 ? 1e-9 : 1e-6;
  return print_duration(std::chrono::nanoseconds(std::llround(seconds / step) * (step > 1e-8 ? 1000 : 1)));
}

/// The file of each machine, by name.
std::vector<fs::path> machine_files() {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (auto const& directory : data_directories("machines")) {
    for (fs::directory_iterator entry(directory, ignored); entry != fs::directory_iterator();
         entry.increment(ignored)) {
      if (entry->path().extension() == kExtension) files.push_back(entry->path());
    }
  }
  return files;
}

std::string path_of_machine(std::string const& name) {
  if (name.find('/') != std::string::npos || name.ends_with(kExtension)) return name;
  for (auto const& file : machine_files()) {
    if (file.stem() == name) return file.string();
  }
  auto const names = machine_names();
  throw UsageError("--machine: there is no machine `" + printable(name) + "`" + did_you_mean(name, names) +
                   "; there are " + join_list(names) + ", and a path of a file is possible");
}

}  // namespace

std::vector<std::uint32_t> Machine::node_of() const {
  std::vector<std::uint32_t> nodes_of_ranks;
  nodes_of_ranks.reserve(ranks());
  for (std::uint32_t rank = 0; rank < ranks(); ++rank) nodes_of_ranks.push_back(rank / devices_per_node);
  return nodes_of_ranks;
}

Machine parse_machine(std::string const& text, std::string const& file_name) {
  Machine machine;
  machine.name = fs::path(file_name).stem().string();
  MachineKeys keys(machine);
  read_document(text, file_name, keys);
  if (machine.device_memory == 0) throw ConfigError(file_name + ": `machine.device_memory` is missing");
  if (machine.device_reserve >= machine.device_memory) {
    throw ConfigError(file_name + ": `machine.device_reserve` must be less than `machine.device_memory`");
  }
  if (std::uint64_t{machine.nodes} * machine.devices_per_node > kMaxRanks) {
    throw ConfigError(file_name + ": there are more than " + std::to_string(kMaxRanks) + " devices");
  }
  return machine;
}

Machine find_machine(std::string const& name_or_path) {
  auto const path = path_of_machine(name_or_path);
  return parse_machine(read_config_text(path), path);
}

std::string user_machine_path() {
  auto const in = [](char const* folder) { return (fs::path(folder) / "distload" / "machine.yaml").string(); };
  auto const* const configured = std::getenv("XDG_CONFIG_HOME");
  // The specification ignores relative paths.
  if (configured != nullptr && *configured == '/') return in(configured);
  auto const* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : in((fs::path(home) / ".config").c_str());
}

std::string machine_text(Machine const& machine) {
  auto text =
      "# Measured by distload-bench calibrate. Dry runs and loads take `cost` from here, below the configuration.\n"
      "machine:\n" +
      line_of("measured", quoted(machine.measured), "when and where") +
      line_of("device", machine.on_host ? "host" : "gpu", "ranks have host memory") +
      line_of("nodes", std::to_string(machine.nodes), "") +
      line_of("devices_per_node", std::to_string(machine.devices_per_node), "ranks that have measured") +
      line_of("device_memory", std::to_string(machine.device_memory) + " B", "of one rank: its share of the node's") +
      line_of("device_reserve", std::to_string(machine.device_reserve) + " B", "of that, for other things") + "cost:\n";
  for (auto const& [name, member, meaning] : kRates) text += line_of(name, rate_text(machine.cost.*member), meaning);
  for (auto const& [name, member, meaning] : kTimes) text += line_of(name, time_text(machine.cost.*member), meaning);
  return text;
}

std::vector<std::string> machine_names() {
  std::set<std::string> names;
  for (auto const& file : machine_files()) names.insert(file.stem().string());
  return {names.begin(), names.end()};
}

}  // namespace distload
