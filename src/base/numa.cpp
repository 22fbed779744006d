// Reads sysfs and control groups; sets affinity and memory policy.
#include "base/numa.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/system.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// No machine has more.
constexpr std::uint32_t kMostProcessors = 1U << 16U;
/// mempolicy of <linux/mempolicy.h>, which not every system installs.
constexpr int kPreferred = 1;

std::optional<std::string> first_line(fs::path const& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Processors> processors_in(fs::path const& path) {
  auto const line = first_line(path);
  return line ? parse_processors(*line) : std::nullopt;
}

Processors common(Processors const& a, Processors const& b) {
  Processors both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  return both;
}

/// The files with the processors of the group of one line "number:controllers:group" of /proc/self/cgroup, from the
/// group up: a group without a list of its own has its parent's.
std::vector<fs::path> group_files(std::string const& line, fs::path const& root) {
  auto const controllers = line.find(':') + 1;
  auto const path = line.find(':', controllers) + 1;
  if (controllers == 0 || path == 0) return {};
  auto const list = "," + line.substr(controllers, path - 1 - controllers) + ",";
  bool const is_version_2 = list == ",,";
  if (!is_version_2 && list.find(",cpuset,") == std::string::npos) return {};
  auto const top = root / "sys/fs/cgroup" / (is_version_2 ? "" : "cpuset");
  std::vector<fs::path> files;
  for (auto group = fs::path(line.substr(path)).relative_path();; group = group.parent_path()) {
    files.push_back(top / group / (is_version_2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus"));
    if (group.empty()) break;
  }
  return files;
}

/// The nodes of a rank that has no device.
std::vector<NumaNode> share_of_nodes(NumaFacts const& facts) {
  auto const count = static_cast<std::uint64_t>(facts.nodes.size());
  auto const begin = facts.node_rank * count / facts.node_size;
  auto const end = std::max(begin + 1, (facts.node_rank + 1) * count / facts.node_size);
  return {facts.nodes.begin() + static_cast<std::ptrdiff_t>(begin),
          facts.nodes.begin() + static_cast<std::ptrdiff_t>(end)};
}

NumaDecision target_of(std::vector<NumaNode> const& nodes, NumaFacts const& facts, std::string reason) {
  NumaTarget target;
  for (auto const& node : nodes) {
    auto const usable = common(node.processors, facts.current);
    target.processors.insert(target.processors.end(), usable.begin(), usable.end());
  }
  std::ranges::sort(target.processors);
  if (target.processors.empty()) return {std::nullopt, "the process may not use the processors of " + reason};
  if (nodes.size() == 1) target.memory_node = nodes.front().number;
  return {std::move(target), std::move(reason)};
}

}  // namespace

std::optional<Processors> parse_processors(std::string const& text) {
  Processors all;
  std::string_view rest = text;
  while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.back())) != 0) rest.remove_suffix(1);
  if (rest.empty()) return all;
  for (bool more = true; more;) {
    auto const comma = rest.find(',');
    more = comma != std::string_view::npos;
    auto const range = rest.substr(0, comma);
    auto const dash = range.find('-');
    auto const first = parse_number(range.substr(0, dash));
    auto const last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= kMostProcessors) return std::nullopt;
    for (auto number = *first; number <= *last; ++number) all.push_back(number);
    if (more) rest.remove_prefix(comma + 1);
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

NumaDecision decide_binding(NumaBinding kind, NumaFacts const& facts) {
  if (kind == NumaBinding::none) return {std::nullopt, "topology.bind is none"};
  if (facts.nodes.empty()) return {std::nullopt, "the system does not tell its NUMA nodes"};
  if (kind == NumaBinding::automatic) {
    if (facts.nodes.size() == 1) return {std::nullopt, "there is one NUMA node"};
    if (common(facts.current, facts.allowed) != facts.allowed) {
      return {std::nullopt, "the launcher has bound the process"};
    }
  }
  if (!facts.has_device) {
    auto const nodes = share_of_nodes(facts);
    auto const first = std::to_string(nodes.front().number);
    auto const text =
        nodes.size() == 1 ? "NUMA node " + first : "NUMA nodes " + first + "-" + std::to_string(nodes.back().number);
    return target_of(nodes, facts, text + " of " + std::to_string(facts.nodes.size()));
  }
  auto const node = std::ranges::find_if(
      facts.nodes, [&](NumaNode const& candidate) { return candidate.number == facts.device_node; });
  if (node == facts.nodes.end()) return {std::nullopt, "the NUMA node of the device is not known"};
  return target_of({*node}, facts, "NUMA node " + std::to_string(node->number) + " of the device");
}

std::vector<NumaNode> numa_nodes(fs::path const& root) {
  std::vector<NumaNode> nodes;
  std::error_code ignored;
  for (fs::directory_iterator entry(root / "sys/devices/system/node", ignored); entry != fs::directory_iterator();
       entry.increment(ignored)) {
    constexpr std::string_view kPrefix = "node";
    auto const name = entry->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    auto const number = parse_number(std::string_view(name).substr(kPrefix.size()));
    auto processors = processors_in(entry->path() / "cpulist");
    if (number && processors && !processors->empty()) nodes.push_back({*number, std::move(*processors)});
  }
  std::ranges::sort(nodes, {}, &NumaNode::number);
  return nodes;
}

std::optional<Processors> allowed_processors(fs::path const& root) {
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    for (auto const& file : group_files(line, root)) {
      auto processors = processors_in(file);
      if (processors && !processors->empty()) return processors;
    }
  }
  return processors_in(root / "sys/devices/system/cpu/online");
}

std::optional<std::uint32_t> numa_node_of_device(std::string bus_id, std::vector<NumaNode> const& nodes,
                                                 fs::path const& root) {
  std::ranges::transform(bus_id, bus_id.begin(),
                         [](unsigned char character) { return static_cast<char>(std::tolower(character)); });
  auto const device = root / "sys/bus/pci/devices" / bus_id;
  if (auto const line = first_line(device / "numa_node")) {
    // -1: the firmware does not tell.
    if (auto const number = parse_number(*line)) return number;
  }
  auto const local = processors_in(device / "local_cpulist");
  if (!local || local->empty()) return std::nullopt;
  // All processors are near a device of which nothing is known.
  auto const near = [&](NumaNode const& node) { return !common(node.processors, *local).empty(); };
  auto const first = std::ranges::find_if(nodes, near);
  if (first == nodes.end() || std::any_of(std::next(first), nodes.end(), near)) return std::nullopt;
  return first->number;
}

Processors current_processors() {
  std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> const set(CPU_ALLOC(kMostProcessors),
                                                             [](cpu_set_t* freed) { CPU_FREE(freed); });
  auto const size = CPU_ALLOC_SIZE(kMostProcessors);
  Processors processors;
  if (set == nullptr || sched_getaffinity(0, size, set.get()) != 0) return processors;
  for (std::uint32_t number = 0; number < kMostProcessors; ++number) {
    if (CPU_ISSET_S(number, size, set.get())) processors.push_back(number);
  }
  return processors;
}

std::string bind_this_thread(NumaTarget const& target) {
  std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> const set(CPU_ALLOC(kMostProcessors),
                                                             [](cpu_set_t* freed) { CPU_FREE(freed); });
  auto const size = CPU_ALLOC_SIZE(kMostProcessors);
  if (set == nullptr) return "no memory";
  CPU_ZERO_S(size, set.get());
  for (auto const number : target.processors) CPU_SET_S(number, size, set.get());
  if (sched_setaffinity(0, size, set.get()) != 0) return "sched_setaffinity: " + system_reason();
  if (!target.memory_node) return {};
  constexpr std::uint32_t kMostNodes = 1024;
  constexpr std::uint32_t kBits = 8 * sizeof(unsigned long);
  std::array<unsigned long, kMostNodes / kBits> mask{};
  if (*target.memory_node >= kMostNodes) return "set_mempolicy: node " + std::to_string(*target.memory_node);
  mask.at(*target.memory_node / kBits) |= 1UL << (*target.memory_node % kBits);
  // The kernel takes one bit less than it is told.
  if (syscall(SYS_set_mempolicy, kPreferred, mask.data(), kMostNodes + 1) != 0) {
    return "set_mempolicy: " + system_reason();
  }
  return {};
}

}  // namespace distload
