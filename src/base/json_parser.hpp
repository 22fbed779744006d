/// parse_json_events: the one parser of JSON that others wrote, for readers that take what they need as it comes by.
/// Most readers want parse_json (base/json.hpp), which keeps everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace distload {

/// What a text may ask for. Nothing is allocated or done by the text's own numbers, only by its length.
struct JsonLimits {
  std::size_t text_bytes = 100'000'000;
  std::size_t depth = 64;                ///< objects and lists inside one another
  std::size_t values = 1'000'000;        ///< members of all objects and items of all lists together
  std::size_t string_bytes = 1U << 20U;  ///< of one key or text
};

/// What is wrong with a value, thrown by handlers; the parser adds the file and the place.
class JsonProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Gets the values in the order of the text. Texts and keys are valid UTF-8 without their escapes, and live until the
/// call returns. Every function may throw JsonProblem.
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
  /// Python, what is too large for a double is infinite.
  /// @param text  as it stands there
  virtual void on_real(double value, std::string_view text) = 0;
  virtual void on_text(std::string_view value) = 0;
  /// @param value_at  where the member's value begins in the text, in bytes
  virtual void on_key(std::string_view key, std::size_t value_at) = 0;
  virtual void on_object() = 0;
  virtual void on_object_end() = 0;
  virtual void on_list() = 0;
  virtual void on_list_end() = 0;
};

/// Reads one JSON value; a byte order mark may stand before it. Takes no more of the stack for a deep text than for a
/// flat one.
/// @param what  what the text is, for messages: the path of its file, or that and a part of it
/// @throws CorruptData  "WHAT: line 3, column 14, at vision_config.sizes[2]: ...": `text` is no JSON, exceeds a limit,
/// has a key twice in one object (found where the object ends), or the handler threw JsonProblem.
void parse_json_events(std::string_view text, JsonLimits const& limits, std::string const& what, JsonHandler& handler);

}  // namespace distload
