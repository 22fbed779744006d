// A parser with an explicit stack instead of recursion.
#include "base/json_parser.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/json_lexer.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

/// A message shows at most this many characters of a value's path, from its end.
constexpr std::size_t kShownPath = 400;

/// Power of ten of the number's first non-zero digit. Outside the range of doubles only the sign is exact.
std::int64_t magnitude_of(std::string_view text) {
  auto const digits = text.substr(0, text.find_first_of("eE"));
  auto exponent = text.substr(std::min(digits.size() + 1, text.size()));
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  std::int64_t power = 0;
  auto const parsed = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  if (parsed.ec == std::errc::result_out_of_range) return exponent.starts_with('-') ? -1 : 1;
  auto const point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  auto const first = static_cast<std::int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  return power + point - first - (first > point ? 0 : 1);
}

/// Converts as Python does: too large numbers become infinite, too small ones zero.
double real_of(std::string_view text) {
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  auto const size = magnitude_of(text) < 0 ? 0.0 : std::numeric_limits<double>::infinity();
  return text.front() == '-' ? -size : size;
}

class Parser {
 public:
  Parser(std::string_view text, JsonLimits const& limits, JsonHandler& handler)
      : lexer_(text, limits), limits_(limits), handler_(handler) {}

  void parse() {
    lexer_.skip_byte_order_mark();
    value(lexer_.next());
    while (!open_.empty()) next();
    lexer_.next();
    if (!lexer_.at_end()) lexer_.fail_expecting("the end of the text");
  }

  /// "line 3, column 14, at sizes[2]"
  std::string place() const {
    std::string path;
    for (auto level = open_.rbegin(); level != open_.rend(); ++level) {
      if (level->count == 0) continue;
      auto const is_inner = !path.empty() && path.front() != '[';
      auto const part =
          level->is_object ? printable(lexer_.quoted_at(level->key_at)) : "[" + std::to_string(level->count - 1) + "]";
      path.insert(0, part + (is_inner ? "." : ""));
      if (path.size() > kShownPath) {
        path.insert(0, "...");
        break;
      }
    }
    return lexer_.place() + (path.empty() ? "" : ", at " + path);
  }

 private:
  /// An object or list whose end has not been read.
  struct Open {
    bool is_object = false;
    std::size_t count = 0;      ///< members or items read so far
    std::size_t key_at = 0;     ///< position of the latest key
    std::size_t first_key = 0;  ///< index in `keys_`
  };
  /// A key of an open object.
  struct Key {
    std::uint64_t hash = 0;
    std::size_t at = 0;
  };

  /// Parses the next member, item or end of the innermost object or list.
  void next() {
    auto& in = open_.back();
    auto character = lexer_.next();
    if (character == (in.is_object ? '}' : ']')) {
      lexer_.skip_one();
      end();
      return;
    }
    if (in.count > 0) {
      lexer_.expect(',', in.is_object ? "a comma or }" : "a comma or ]");
      character = lexer_.next();
    }
    if (++values_ > limits_.values) {
      throw JsonProblem("more than " + std::to_string(limits_.values) + " members and items");
    }
    if (in.is_object) {
      if (character != '"') lexer_.fail_expecting("a key in double quotes");
      key(in);
      character = lexer_.next();
    } else {
      ++in.count;
    }
    value(character);
  }

  void key(Open& in) {
    auto const at = lexer_.token();
    auto const name = lexer_.quoted();
    in.key_at = at;
    ++in.count;
    keys_.push_back({xxh3_64(std::as_bytes(std::span(name))), at});
    // The name may lie in the lexer's buffer, which reading a colon does not change.
    lexer_.expect(':', "a colon");
    lexer_.next();
    auto const value_at = lexer_.token();
    lexer_.go_back(at);
    handler_.on_key(name, value_at);
  }

  void begin(bool is_object) {
    if (open_.size() == limits_.depth) {
      throw JsonProblem("nested more than " + std::to_string(limits_.depth) + " deep");
    }
    lexer_.skip_one();
    if (is_object) {
      handler_.on_object();
    } else {
      handler_.on_list();
    }
    open_.push_back({.is_object = is_object, .first_key = keys_.size()});
  }

  void end() {
    auto const in = open_.back();
    if (in.is_object) refuse_duplicates(in.first_key);
    keys_.resize(in.first_key);
    open_.pop_back();
    if (in.is_object) {
      handler_.on_object_end();
    } else {
      handler_.on_list_end();
    }
  }

  void value(char first) {
    switch (first) {
      case '{': begin(true); return;
      case '[': begin(false); return;
      case '"': handler_.on_text(lexer_.quoted()); return;
      case 't': return word("true", [&] { handler_.on_boolean(true); });
      case 'f': return word("false", [&] { handler_.on_boolean(false); });
      case 'n': return word("null", [&] { handler_.on_null(); });
      case 'N': return word("NaN", [&] { handler_.on_real(std::numeric_limits<double>::quiet_NaN(), "NaN"); });
      case 'I': return word("Infinity", [&] { handler_.on_real(std::numeric_limits<double>::infinity(), "Infinity"); });
      default: number(first);
    }
  }

  template <class Found>
  void word(std::string_view word, Found const& found) {
    if (!lexer_.take(word)) lexer_.fail_expecting("a value");
    found();
  }

  void number(char first) {
    if (first != '-' && (first < '0' || first > '9')) lexer_.fail_expecting("a value");
    if (lexer_.take("-Infinity")) {
      handler_.on_real(-std::numeric_limits<double>::infinity(), "-Infinity");
      return;
    }
    bool is_whole = false;
    auto const text = lexer_.number(is_whole);
    auto const* const end = text.data() + text.size();
    std::uint64_t natural = 0;
    std::int64_t negative = 0;
    if (is_whole && first != '-' && std::from_chars(text.data(), end, natural).ec == std::errc()) {
      handler_.on_number(natural);
    } else if (is_whole && first == '-' && std::from_chars(text.data(), end, negative).ec == std::errc()) {
      negative == 0 ? handler_.on_number(0) : handler_.on_negative(negative);
    } else {
      handler_.on_real(real_of(text), text);
    }
  }

  /// Checks the keys of the innermost object, which are the last ones in `keys_`. Sorts hashes instead of using a hash
  /// table, so that no input causes quadratic time.
  void refuse_duplicates(std::size_t first_key) {
    std::span<Key> const keys(keys_.begin() + static_cast<std::ptrdiff_t>(first_key), keys_.end());
    std::ranges::sort(keys, {}, [](Key const& key) { return std::pair(key.hash, key.at); });
    for (std::size_t begin = 0; begin < keys.size();) {
      auto end = begin + 1;
      while (end < keys.size() && keys[end].hash == keys[begin].hash) ++end;
      if (end - begin > 1) refuse_equal(keys.subspan(begin, end - begin));
      begin = end;
    }
  }

  /// Compares keys with equal hashes, in the order of the text.
  void refuse_equal(std::span<Key const> keys) {
    std::set<std::string> names;
    for (auto const& key : keys) {
      if (names.insert(lexer_.quoted_at(key.at)).second) continue;
      open_.back().key_at = key.at;
      lexer_.go_back(key.at);
      throw JsonProblem("the key occurs twice");
    }
  }

  JsonLexer lexer_;
  JsonLimits limits_;
  JsonHandler& handler_;
  std::vector<Open> open_;
  std::vector<Key> keys_;
  std::size_t values_ = 0;
};

}  // namespace

void parse_json_events(std::string_view text, JsonLimits const& limits, std::string const& what, JsonHandler& handler) {
  if (text.size() > limits.text_bytes) {
    throw CorruptData(what + ": " + format_bytes(text.size()) + " of JSON; at most " + format_bytes(limits.text_bytes) +
                      " are read");
  }
  Parser parser(text, limits, handler);
  try {
    parser.parse();
  } catch (JsonProblem const& problem) {
    throw CorruptData(what + ": " + parser.place() + ": " + problem.what());
  }
}

}  // namespace distload
