// Looks at the processes that have started this one.
#include "bench/launcher.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>

#include <distload/base/error.hpp>

#include "bench/child.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kErrorLine = "distload: error: ";

std::string read_text(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A file of strings that end with a zero byte.
std::vector<std::string> read_strings(fs::path const& path) {
  std::vector<std::string> strings;
  std::istringstream text(read_text(path));
  for (std::string each; std::getline(text, each, '\0');) strings.push_back(each);
  return strings;
}

fs::path process_folder(int process) { return fs::path("/proc") / std::to_string(process); }

/// 0 if there is none.
int parent_of(int process) {
  auto const status = read_text(process_folder(process) / "stat");
  int parent = 0;
  char state = 0;
  std::istringstream(status.substr(std::min(status.size(), status.rfind(')') + 1))) >> state >> parent;
  return parent;
}

/// What comes before `tail` in `words`, if `words` ends with it; the program may be named differently.
std::optional<std::vector<std::string>> before(std::vector<std::string> const& words,
                                               std::vector<std::string> const& tail) {
  if (words.size() <= tail.size()) return std::nullopt;
  auto const program = words.end() - static_cast<std::ptrdiff_t>(tail.size());
  if (fs::path(*program).filename() != fs::path(tail.front()).filename()) return std::nullopt;
  if (!std::equal(program + 1, words.end(), tail.begin() + 1)) return std::nullopt;
  return std::vector<std::string>(words.begin(), program);
}

/// Launchers give these to each process, and refuse to be run with those of another job.
bool belongs_to_a_job(std::string const& variable) {
  auto const begins = [&](std::string_view prefix) { return variable.starts_with(prefix); };
  return begins("OMPI_COMM_") || begins("OMPI_UNIVERSE") || begins("PMIX_") || begins("PMI_") || begins("PRTE_") ||
         begins("OMPI_MCA_orte_") || begins("OMPI_MCA_ess") || begins("OMPI_MCA_pmix") || begins("MPI_LOCAL");
}

bool is_in_a_job(std::vector<std::string> const& environment) {
  return std::ranges::any_of(environment, [](std::string const& variable) {
    return variable.starts_with("OMPI_COMM_") || variable.starts_with("PMI_") || variable.starts_with("PMIX_");
  });
}

std::string last_lines(std::string const& text) {
  constexpr std::size_t kMost = 1000;
  return text.size() <= kMost ? text : text.substr(text.size() - kMost);
}

/// What a failed program says, as its message; nothing if it is not this program that has failed.
std::optional<std::string> message_in(std::string const& errors) {
  auto const begin = errors.find(kErrorLine);
  if (begin == std::string::npos) return std::nullopt;
  auto const text = errors.substr(begin + kErrorLine.size());
  return text.substr(0, text.find("\n--------"));
}

std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

Launcher Launcher::find(std::string const& words) {
  Launcher launcher;
  auto const own = read_strings("/proc/self/cmdline");
  auto const program = fs::read_symlink("/proc/self/exe").string();
  launcher.environment_ = read_strings("/proc/self/environ");
  if (!words.empty()) {
    std::istringstream text(words);
    launcher.command_.assign(std::istream_iterator<std::string>(text), {});
    std::erase_if(launcher.environment_, belongs_to_a_job);
    launcher.command_.push_back(program);
    return launcher;
  }
  if (!is_in_a_job(launcher.environment_)) {
    launcher.command_ = {program};
    return launcher;
  }
  for (auto process = getppid(); process > 0; process = parent_of(process)) {
    if (auto command = before(read_strings(process_folder(process) / "cmdline"), own)) {
      launcher.command_ = std::move(*command);
      launcher.command_.push_back(program);
      launcher.environment_ = read_strings(process_folder(process) / "environ");
      return launcher;
    }
  }
  throw UsageError(
      "no process is known that has started this program, so that no fresh processes can be started: name the command "
      "with --launcher (e.g. --launcher 'srun --overlap -n 4'), or measure in one group of processes with --repeat");
}

std::string Launcher::run(std::vector<std::string> const& arguments) const {
  auto command = command_;
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto const result = run_child(std::move(command), environment_);
  if (result.exit_code == 0) return result.output;
  if (auto const message = message_in(result.errors)) {
    auto const is_known = result.exit_code <= static_cast<int>(ExitCode::outputs_differ);
    throw_error(is_known ? static_cast<ExitCode>(result.exit_code) : ExitCode::internal, *message);
  }
  throw UsageError("no fresh processes were started by `" + joined(command_) + "`, which ended with " +
                   std::to_string(result.exit_code) + ": " + last_lines(result.errors) +
                   "\n--launcher names another command; --repeat measures in one group of processes");
}

}  // namespace distload
