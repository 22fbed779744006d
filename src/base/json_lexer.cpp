// Tokens by the grammar of RFC 8259.
#include "base/json_lexer.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace distload {
namespace {

/// Longest accepted number, as in Python.
constexpr std::size_t kMaxDigits = 4300;
constexpr std::size_t kShownFound = 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_digit(char character) { return character >= '0' && character <= '9'; }

void append_utf8(std::string& text, unsigned code) {
  auto const add = [&](unsigned byte) { text += static_cast<char>(byte); };
  auto const add_tail = [&](unsigned shift) { add(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | code >> 6U);
    add_tail(0);
  } else if (code < 0x10000) {
    add(0xE0U | code >> 12U);
    add_tail(6);
    add_tail(0);
  } else {
    add(0xF0U | code >> 18U);
    add_tail(12);
    add_tail(6);
    add_tail(0);
  }
}

}  // namespace

char JsonLexer::next() noexcept {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
  token_ = at_;
  return peek();
}

void JsonLexer::skip_byte_order_mark() noexcept { take(kByteOrderMark); }

void JsonLexer::expect(char mark, char const* name) {
  if (next() != mark) fail_expecting(name);
  skip_one();
}

bool JsonLexer::take(std::string_view word) noexcept {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

std::string_view JsonLexer::quoted() {
  auto begin = ++at_;
  bool is_plain = true;
  auto const value = [&] {
    auto const stretch = text_.substr(begin, at_ - begin);
    if (!is_plain) unescaped_ += stretch;
    return is_plain ? stretch : std::string_view(unescaped_);
  };
  for (;;) {
    if (at_ >= text_.size()) throw JsonProblem("not JSON: the text in quotes has no end");
    if (at_ - token_ > limits_.string_bytes) {
      throw JsonProblem("a text of more than " + std::to_string(limits_.string_bytes) + " bytes");
    }
    auto const character = text_[at_];
    if (character == '"') break;
    if (character == '\\') {
      if (is_plain) unescaped_.clear();
      unescaped_ += text_.substr(begin, at_ - begin);
      is_plain = false;
      ++at_;
      unescape();
      begin = at_;
    } else if (character >= 0x20) {
      ++at_;  // ASCII; bytes of other characters are negative
    } else if (static_cast<unsigned char>(character) < 0x20) {
      throw JsonProblem("not JSON: a text in quotes holds the control character " +
                        printable(std::string_view(&character, 1)));
    } else {
      auto const length = utf8_length(text_.substr(at_));
      if (length == 0)
        throw JsonProblem("not JSON: " + printable(text_.substr(at_, 1)) + " in a text in quotes is not UTF-8");
      at_ += length;
    }
  }
  auto const result = value();
  ++at_;
  return result;
}

void JsonLexer::unescape() {
  auto const character = peek();
  ++at_;
  switch (character) {
    case '"':
    case '\\':
    case '/': unescaped_ += character; return;
    case 'b': unescaped_ += '\b'; return;
    case 'f': unescaped_ += '\f'; return;
    case 'n': unescaped_ += '\n'; return;
    case 'r': unescaped_ += '\r'; return;
    case 't': unescaped_ += '\t'; return;
    case 'u': break;
    default: throw JsonProblem("not JSON: after a \\ in quotes stands none of \" \\ / b f n r t u");
  }
  auto code = hex4();
  auto const is_half = [](unsigned half, unsigned first) { return half >= first && half < first + 0x400U; };
  if (is_half(code, 0xD800)) {
    auto const second = take("\\u") ? hex4() : 0U;
    if (!is_half(second, 0xDC00)) throw JsonProblem("not JSON: a \\u is the first half of a pair without the second");
    code = 0x10000U + ((code - 0xD800U) << 10U) + (second - 0xDC00U);
  } else if (is_half(code, 0xDC00)) {
    throw JsonProblem("not JSON: a \\u is the second half of a pair without the first");
  }
  append_utf8(unescaped_, code);
}

unsigned JsonLexer::hex4() {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    auto const character = peek();
    auto const letter = static_cast<char>(character | 0x20);
    unsigned digit = 0;
    if (is_digit(character)) {
      digit = static_cast<unsigned>(character - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      digit = static_cast<unsigned>(letter - 'a') + 10U;
    } else {
      throw JsonProblem("not JSON: four hexadecimal digits come after \\u");
    }
    code = code << 4U | digit;
  }
  return code;
}

std::size_t JsonLexer::digits() {
  auto const begin = at_;
  while (is_digit(peek())) ++at_;
  return at_ - begin;
}

std::string_view JsonLexer::number(bool& is_whole) {
  auto const begin = at_;
  if (peek() == '-') ++at_;
  bool const has_zero = peek() == '0';
  auto const whole_digits = digits();
  if (whole_digits == 0) fail_expecting("a digit");
  if (has_zero && whole_digits > 1) throw JsonProblem("not JSON: a number begins with a needless 0");
  is_whole = true;
  if (peek() == '.') {
    is_whole = false;
    ++at_;
    if (digits() == 0) throw JsonProblem("not JSON: a number has no digit after its point");
  }
  if (peek() == 'e' || peek() == 'E') {
    is_whole = false;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (digits() == 0) throw JsonProblem("not JSON: a number has no digit in its exponent");
  }
  if (at_ - begin > kMaxDigits) throw JsonProblem("a number of more than " + std::to_string(kMaxDigits) + " digits");
  return text_.substr(begin, at_ - begin);
}

void JsonLexer::fail_expecting(std::string const& expected) const {
  auto found = text_.substr(std::min(at_, text_.size()));
  found = found.substr(0, std::min(found.find_first_of("\n\r"), 4 * kShownFound));
  throw JsonProblem(
      "not JSON: expected " + expected + ", but " +
      (at_ >= text_.size() ? "the text ends here" : "here stands `" + printable(found, kShownFound) + "`"));
}

std::string JsonLexer::quoted_at(std::size_t position) const {
  JsonLexer other(text_, limits_);
  other.at_ = position;
  other.token_ = position;
  return std::string(other.quoted());
}

std::string JsonLexer::place() const {
  auto const before = text_.substr(0, token_);
  auto const lines = std::ranges::count(before, '\n');
  auto const last = before.substr(before.rfind('\n') + 1);
  auto const columns = std::ranges::count_if(last, [](char byte) { return (byte & 0xC0) != 0x80; });
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(columns + 1);
}

}  // namespace distload
