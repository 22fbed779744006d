/// parse_json and JsonView: parses JSON files of other programs; access errors name the file and the key.
///
///     auto const json = parse_json(text, JsonLimits{.text_bytes = 4 * kMiB}, path);  // may throw CorruptData
///     JsonView const seal(json, path);
///     auto const version = seal.at("version").count();                               // may throw CorruptData
///     for (auto const& file : seal.at("files").items()) use(file.at("name").text(), file.at("bytes").count());
///
/// All JSON input is parsed through this header or json_parser.hpp: nlohmann's own parser and get<>() throw exceptions
/// of other types.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_parser.hpp"

namespace distload {

/// Parses the whole text. Integers become std::uint64_t, negative ones std::int64_t, all other numbers double.
/// @param what  name of the text in messages: the path of its file
/// @throws CorruptData  as parse_json_events.
nlohmann::json parse_json(std::string_view text, JsonLimits const& limits, std::string const& what);

/// A JSON value with its path in the document. Every function throws CorruptData "WHAT: files[2].bytes is \"many\",
/// expected ...".
class JsonView {
 public:
  /// `json` must outlive the object.
  JsonView(nlohmann::json const& json, std::string what) : json_(&json), what_(std::move(what)) {}

  /// The member `key` of an object. `find` returns nothing if the member is missing or null.
  JsonView at(std::string_view key) const;
  std::optional<JsonView> find(std::string_view key) const;
  /// @throws CorruptData  the object has a member with another name.
  void expect_only(std::initializer_list<std::string_view> keys) const;
  /// The items of a list; the members of an object by name.
  std::vector<JsonView> items() const;
  std::vector<std::pair<std::string, JsonView>> members() const;

  std::string text() const;
  bool boolean() const;
  /// A whole number from 0 to `most`.
  std::uint64_t count(std::uint64_t most = ~std::uint64_t{0}) const;

  nlohmann::json const& json() const noexcept { return *json_; }
  /// @throws CorruptData "WHAT: PATH is VALUE, expected EXPECTED".
  [[noreturn]] void fail_expecting(std::string const& expected) const;
  /// @throws CorruptData "WHAT: PATH: PROBLEM".
  [[noreturn]] void fail(std::string const& problem) const;

 private:
  JsonView(nlohmann::json const& json, std::string what, std::string path)
      : json_(&json), what_(std::move(what)), path_(std::move(path)) {}
  JsonView member(std::string_view key, nlohmann::json const& value) const;

  nlohmann::json const* json_;
  std::string what_;
  std::string path_;
};

/// `value` as one line of JSON for a message, shortened if long.
std::string shown_json(nlohmann::json const& value);

/// Prints `json`; bytes that are not UTF-8 become U+FFFD, so that the text is always valid JSON.
template <class Json>
std::string json_text(Json const& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace distload
