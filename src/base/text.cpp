// UTF-8 decoding; replaces characters that are unsafe on terminals.
#include "base/text.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace distload {
namespace {

constexpr std::string_view kCut = "...";

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// The code point of the `length` bytes long character at the beginning of `text`.
std::uint32_t code_point(std::string_view text, std::size_t length) {
  if (length == 1) return byte_at(text, 0);
  auto code = byte_at(text, 0) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6U | (byte_at(text, i) & 0x3FU);
  return code;
}

/// C0 and C1 control characters, line and paragraph separators, and bidirectional controls.
bool is_harmful(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

void append_escaped(std::string& result, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (auto const character : bytes) {
    switch (character) {
      case '\n': result += "\\n"; break;
      case '\r': result += "\\r"; break;
      case '\t': result += "\\t"; break;
      default: {
        auto const byte = static_cast<unsigned char>(character);
        result += "\\x";
        result += kDigits[byte >> 4U];
        result += kDigits[byte & 0xFU];
      }
    }
  }
}

std::string cleaned(std::string_view text, std::size_t most, bool keeps_lines) {
  std::string result;
  for (std::size_t shown = 0; !text.empty(); ++shown) {
    if (shown == most) return result.append(kCut);
    auto length = utf8_length(text);
    bool const harmful = length == 0 || is_harmful(code_point(text, length));
    if (length == 0) length = 1;
    if (harmful && !(keeps_lines && text.front() == '\n')) {
      append_escaped(result, text.substr(0, length));
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  auto const first = byte_at(text, 0);
  if (first < 0x80) return 1;
  std::size_t const length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0U) != 0x80U) return 0;
  }
  // Overlong forms, surrogates, and code points above U+10FFFF.
  auto const code = code_point(text, length);
  if (length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) return 0;
  if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return 0;
  return length;
}

std::string printable(std::string_view text, std::size_t most) { return cleaned(text, most, false); }

std::string printable_lines(std::string_view text) {
  return cleaned(text, std::numeric_limits<std::size_t>::max(), true);
}

std::string fixed_text(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string ranges_text(std::vector<std::uint64_t> const& numbers, std::size_t most) {
  std::string text;
  std::size_t count = 0;
  for (std::size_t first = 0; first < numbers.size();) {
    auto last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (count++ == most) return text + " and others";
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[first]);
    if (last > first) text += "-" + std::to_string(numbers[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace distload
