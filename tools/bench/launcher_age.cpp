// Reads /proc/PID/stat.
#include "bench/launcher_age.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include <unistd.h>

namespace distload {
namespace {

constexpr std::array<std::string_view, 10> kLaunchers{"mpirun", "mpiexec", "orterun",         "prterun",       "prte",
                                                      "orted",  "prted",   "hydra_pmi_proxy", "mpiexec.hydra", "srun"};

struct AncestorProcess {
  std::string name;
  long parent = 0;
  double started = 0;  ///< seconds since the system has started
};

std::optional<AncestorProcess> ancestor(long id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/stat");
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  auto const open = text.find('(');
  auto const close = text.rfind(')');  // the name may have parentheses
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  AncestorProcess found{.name = text.substr(open + 1, close - open - 1)};
  std::istringstream rest(text.substr(close + 1));
  std::string state;
  rest >> state >> found.parent;
  constexpr int kBetween = 17;  // fields between the parent and the start time
  std::string skipped;
  for (int field = 0; field < kBetween; ++field) rest >> skipped;
  double ticks = 0;
  if (!(rest >> ticks)) return std::nullopt;
  found.started = ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  return found;
}

}  // namespace

double seconds_since_launch() {
  auto oldest = ancestor(getpid());
  if (!oldest) return 0;
  for (auto next = ancestor(oldest->parent); next && std::ranges::find(kLaunchers, next->name) != kLaunchers.end();
       next = ancestor(next->parent)) {
    oldest = next;
  }
  timespec now{};
  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0;
  return std::max(0.0, static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 - oldest->started);
}

}  // namespace distload
