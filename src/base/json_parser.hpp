/// parse_json_events: the only parser of JSON files of other programs, for readers that process values as they are
/// parsed. Most readers use parse_json (base/json.hpp), which builds a document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace distload {

/// Limits on a text. Memory and time depend on the length of the text, never on numbers in it.
struct JsonLimits {
  std::size_t text_bytes = 100'000'000;
  std::size_t depth = 64;                ///< nested objects and lists
  std::size_t values = 1'000'000;        ///< members of all objects plus items of all lists
  std::size_t string_bytes = 1U << 20U;  ///< length of one key or text
};

/// A problem with a value, thrown by handlers; the parser adds file and position.
class JsonProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Receives the values in the order of the text. Texts and keys are valid UTF-8 with escapes resolved, and valid until
/// the call returns. Every function may throw JsonProblem.
class JsonHandler {
 public:
  JsonHandler() = default;
  JsonHandler(JsonHandler const&) = delete;
  JsonHandler& operator=(JsonHandler const&) = delete;
  virtual ~JsonHandler() = default;

  virtual void on_null() = 0;
  virtual void on_boolean(bool value) = 0;
  virtual void on_number(std::uint64_t value) = 0;
  virtual void on_negative(std::int64_t value) = 0;
  /// Any other number: with a fraction or an exponent, beyond 64 bits, or Python's NaN, Infinity and -Infinity. As in
  /// Python, numbers too large for a double become infinite.
  /// @param text  the number as written
  virtual void on_real(double value, std::string_view text) = 0;
  virtual void on_text(std::string_view value) = 0;
  /// @param value_at  position of the member's value in the text, in bytes
  virtual void on_key(std::string_view key, std::size_t value_at) = 0;
  virtual void on_object() = 0;
  virtual void on_object_end() = 0;
  virtual void on_list() = 0;
  virtual void on_list_end() = 0;
};

/// Reads one JSON value, which a byte order mark may precede. Stack use does not depend on the nesting depth.
/// @param what  name of the text in messages: the path of its file, optionally with a part of it
/// @throws CorruptData  "WHAT: line 3, column 14, at vision_config.sizes[2]: ...": `text` is not JSON, exceeds a limit,
///                      has a key twice in one object (reported at the object's end), or the handler threw JsonProblem.
void parse_json_events(std::string_view text, JsonLimits const& limits, std::string const& what, JsonHandler& handler);

}  // namespace distload
