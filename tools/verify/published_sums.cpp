// Parses lines of sums.
#include "verify/published_sums.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

constexpr std::size_t kSumDigits = 64;

std::optional<std::string> unescaped(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\') {
      text.push_back(name[i]);
      continue;
    }
    if (++i == name.size() || (name[i] != 'n' && name[i] != 'r' && name[i] != '\\')) return std::nullopt;
    text.push_back(name[i] == 'n' ? '\n' : name[i] == 'r' ? '\r' : '\\');
  }
  return text;
}

std::optional<PublishedSum> parse_line(std::string_view line) {
  bool const is_escaped = line.starts_with('\\');
  if (is_escaped) line.remove_prefix(1);
  if (line.size() < kSumDigits + 3 || line[kSumDigits] != ' ' ||
      (line[kSumDigits + 1] != ' ' && line[kSumDigits + 1] != '*'))
    return std::nullopt;
  PublishedSum sum;
  for (char const c : line.substr(0, kSumDigits)) {
    auto const lower = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    if (!((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f'))) return std::nullopt;
    sum.sha256.push_back(lower);
  }
  auto const name = line.substr(kSumDigits + 2);
  auto text = is_escaped ? unescaped(name) : std::string(name);
  if (!text || text->find('\0') != std::string::npos) return std::nullopt;
  sum.name = std::move(*text);
  return sum;
}

}  // namespace

std::vector<PublishedSum> parse_manifest(std::string_view text, std::string const& path) {
  std::vector<PublishedSum> sums;
  std::map<std::string, std::string> by_name;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    auto const where = path + ":" + std::to_string(number) + ": ";
    auto sum = parse_line(line);
    if (!sum) throw CorruptData(where + "is not a SHA-256 sum and a file's name, as sha256sum writes them");
    sum->name = std::filesystem::path(sum->name).lexically_normal().string();
    auto const [known, is_new] = by_name.emplace(sum->name, sum->sha256);
    if (known->second != sum->sha256) throw CorruptData(where + printable(sum->name) + " has another sum above");
    if (is_new) sums.push_back(std::move(*sum));
  }
  return sums;
}

bool stays_inside(std::string_view name) {
  std::filesystem::path const path(name);
  return !path.empty() && path.is_relative() && std::ranges::find(path, std::filesystem::path("..")) == path.end();
}

}  // namespace distload
