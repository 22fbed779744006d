/// JsonLexer: the characters of a JSON text as tokens, with their place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json_parser.hpp"

namespace distload {

class JsonLexer {
 public:
  /// `text` outlives the object.
  JsonLexer(std::string_view text, JsonLimits const& limits) : text_(text), limits_(limits) {}

  /// Where the token begins that is being read, in bytes.
  std::size_t token() const noexcept { return token_; }
  bool at_end() const noexcept { return at_ >= text_.size(); }
  /// Makes `position` the token's place, for messages.
  void go_back(std::size_t position) noexcept { token_ = position; }
  /// Goes to the next token. @returns its first character, 0 at the end of the text.
  char next() noexcept;
  /// Passes over a byte order mark.
  void skip_byte_order_mark() noexcept;
  /// Passes over one character, which `next` has returned.
  void skip_one() noexcept { ++at_; }
  /// Passes over `mark`. @throws JsonProblem if something else stands there.
  void expect(char mark, char const* name);
  /// The text in quotes that begins here; lives until the next call.
  std::string_view quoted();
  /// Passes over `word` if it stands here.
  bool take(std::string_view word) noexcept;
  /// The digits and signs of a number that begins here, and whether it has neither fraction nor exponent.
  std::string_view number(bool& is_whole);
  /// @throws JsonProblem "not JSON: expected ..., but ...".
  [[noreturn]] void fail_expecting(std::string const& expected) const;

  /// The quoted text at byte `position`, which has been read before.
  std::string quoted_at(std::size_t position) const;
  /// "line 3, column 14" of the token.
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
