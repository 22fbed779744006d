/// JsonLexer: splits a JSON text into tokens and keeps the position of each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json_parser.hpp"

namespace distload {

class JsonLexer {
 public:
  /// `text` must outlive the object.
  JsonLexer(std::string_view text, JsonLimits const& limits) : text_(text), limits_(limits) {}

  /// Position of the current token, in bytes.
  std::size_t token() const noexcept { return token_; }
  bool at_end() const noexcept { return at_ >= text_.size(); }
  /// Sets the position of the current token, for messages.
  void go_back(std::size_t position) noexcept { token_ = position; }
  /// Moves to the next token. @returns its first character, 0 at the end of the text.
  char next() noexcept;
  /// Skips a byte order mark.
  void skip_byte_order_mark() noexcept;
  /// Skips the character that `next` returned.
  void skip_one() noexcept { ++at_; }
  /// Skips `mark`. @throws JsonProblem if the next character differs.
  void expect(char mark, char const* name);
  /// The quoted text at the current position; valid until the next call.
  std::string_view quoted();
  /// Skips `word` if it is at the current position. @returns whether it was.
  bool take(std::string_view word) noexcept;
  /// The characters of the number at the current position; `is_whole`: it has neither fraction nor exponent.
  std::string_view number(bool& is_whole);
  /// @throws JsonProblem "not JSON: expected ..., but ...".
  [[noreturn]] void fail_expecting(std::string const& expected) const;

  /// The quoted text at byte `position`, which has been read before.
  std::string quoted_at(std::size_t position) const;
  /// "line 3, column 14": the position of the token.
  std::string place() const;

 private:
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::size_t digits();
  void unescape();
  unsigned hex4();

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0;
  std::size_t token_ = 0;
  std::string unescaped_;
};

}  // namespace distload
