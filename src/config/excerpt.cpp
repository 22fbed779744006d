// Shortens and cleans input lines for messages.
#include "config/excerpt.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace distload {
namespace {

constexpr std::size_t kShownBytes = 80;
constexpr std::string_view kCut = "...";

/// True for bytes of a UTF-8 character after its first one.
bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// The nearest position at or before `position` at which a character begins.
std::size_t character_begin(std::string_view text, std::size_t position) {
  if (position >= text.size()) return text.size();
  while (position > 0 && is_continuation(text[position])) --position;
  return position;
}

std::string cleaned(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto const length = std::max<std::size_t>(1, utf8_length(text));
    auto const character = text.substr(0, length);
    result += printable(character) == character ? character : "?";
    text.remove_prefix(length);
  }
  return result;
}

std::string_view line_of(std::string_view text, std::size_t line) {
  for (; line > 0; --line) {
    auto const end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string excerpt(std::string_view text, std::size_t line, std::size_t column) {
  auto const whole = line_of(text, line);
  column = std::min(column, whole.size());
  auto const begin = column < kShownBytes ? 0 : character_begin(whole, column - kShownBytes / 2);
  auto const end = character_begin(whole, std::max(column, begin) + kShownBytes);
  auto const before = std::string(begin > 0 ? kCut : "") + cleaned(whole.substr(begin, column - begin));
  auto const after = cleaned(whole.substr(column, end - column)) + std::string(end < whole.size() ? kCut : "");
  auto const columns = static_cast<std::size_t>(
      std::count_if(before.begin(), before.end(), [](char byte) { return !is_continuation(byte); }));
  return before + after + "\n" + std::string(columns, ' ') + "^";
}

}  // namespace distload
