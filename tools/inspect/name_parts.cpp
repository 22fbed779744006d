// Cuts names.
#include "inspect/name_parts.hpp"

#include <algorithm>
#include <charconv>

namespace distload {
namespace {

/// Longer ones are no numbers of layers.
constexpr std::size_t kMostDigits = 9;

bool is_digit(char character) { return character >= '0' && character <= '9'; }

NamePart part_of(std::string_view name, std::size_t begin, std::size_t end) {
  NamePart part{begin, end, {}, {}};
  auto const text = name.substr(begin, end - begin);
  auto digits = text.size();
  while (digits > 0 && is_digit(text[digits - 1])) --digits;
  auto const number = text.substr(digits);
  bool const is_separated = digits == 0 || text[digits - 1] == '_' || text[digits - 1] == '-';
  bool const has_leading_zero = number.size() > 1 && number.front() == '0';
  if (number.empty() || number.size() > kMostDigits || has_leading_zero || !is_separated) return part;
  std::uint64_t value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  part.stem = text.substr(0, digits);
  part.number = value;
  return part;
}

}  // namespace

std::vector<NamePart> name_parts(std::string_view name) {
  std::vector<NamePart> parts;
  std::size_t begin = 0;
  while (parts.size() + 1 < kMostNameParts) {
    auto const end = name.find_first_of("./", begin);
    if (end == std::string_view::npos) break;
    parts.push_back(part_of(name, begin, end));
    begin = end + 1;
  }
  parts.push_back(part_of(name, begin, name.size()));
  return parts;
}

std::string without_numbers(std::string_view name) {
  std::string text;
  std::size_t done = 0;
  for (auto const& part : name_parts(name)) {
    if (!part.number) continue;
    text += name.substr(done, part.begin + part.stem.size() - done);
    text += '*';
    done = part.end;
  }
  return text += name.substr(done);
}

std::optional<LayerName> layer_of(std::string_view name) {
  for (auto const& part : name_parts(name)) {
    if (part.number) return LayerName{name.substr(0, part.begin + part.stem.size()), *part.number};
  }
  return std::nullopt;
}

}  // namespace distload
