// Builds and parses names.
#include "checkpoint/file_name.hpp"

#include <charconv>

namespace distload {
namespace {

constexpr std::string_view kPrefix = "model-step-";
constexpr std::string_view kSuffix = ".h5";
constexpr std::string_view kTemporary = ".partial";
constexpr std::string_view kReplaced = ".replaced";

std::optional<std::string> without_suffix(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  return std::string(name);
}

}  // namespace

std::string checkpoint_file_name(std::uint64_t step) { return checkpoint_directory_name(step).append(kSuffix); }

std::optional<std::uint64_t> step_of_file_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  return step_of_directory_name(name);
}

std::string checkpoint_directory_name(std::uint64_t step) { return std::string(kPrefix).append(std::to_string(step)); }

std::optional<std::uint64_t> step_of_directory_name(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::uint64_t step = 0;
  auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return step;
}

std::optional<std::uint64_t> step_of_name(std::string_view name) {
  auto const step = step_of_file_name(name);
  return step ? step : step_of_directory_name(name);
}

std::string replaced_name(std::string const& path) { return std::string(path).append(kReplaced); }

std::string temporary_name(std::string const& path) { return std::string(path).append(kTemporary); }

std::optional<std::string> replaced_by(std::string_view replaced) { return without_suffix(replaced, kReplaced); }

std::optional<std::string> final_name(std::string_view temporary) { return without_suffix(temporary, kTemporary); }

}  // namespace distload
