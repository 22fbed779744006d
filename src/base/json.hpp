/// parse_json and JsonView: JSON files that others wrote, as a document, read with checks that name file and key.
///
///     auto const json = parse_json(text, JsonLimits{.text_bytes = 4 * kMiB}, path);   // CorruptData: path, line,
///     column JsonView const seal(json, path); auto const version = seal.at("version").count(); // CorruptData: path,
///     key for (auto const& file : seal.at("files").items()) use(file.at("name").text(), file.at("bytes").count());
///
/// Nothing else in the project parses JSON of others: nlohmann's own parser and get<>() throw exceptions of their
/// own.
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

/// The whole text as a document. Numbers are std::uint64_t, negative ones std::int64_t, all others double.
/// @param what  what the text is, for messages: the path of its file
/// @throws CorruptData  as parse_json_events.
nlohmann::json parse_json(std::string_view text, JsonLimits const& limits, std::string const& what);

/// A JSON value and the way to it. Every function throws CorruptData "WHAT: files[2].bytes is \"many\", expected ...".
class JsonView {
 public:
  /// `json` outlives the object.
  JsonView(nlohmann::json const& json, std::string what) : json_(&json), what_(std::move(what)) {}

  /// The member of an object; `find`: nothing if it has none of that name, or a null.
  JsonView at(std::string_view key) const;
  std::optional<JsonView> find(std::string_view key) const;
  /// Refuses an object that has members of other names.
  void expect_only(std::initializer_list<std::string_view> keys) const;
  /// The items of a list, and the members of an object by name.
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

/// A value as a message shows it: as JSON, on one line, cut.
std::string shown_json(nlohmann::json const& value);

/// `json` as text that is valid JSON whatever the names in it are: bytes that are no UTF-8 become U+FFFD.
template <class Json>
std::string json_text(Json const& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace distload
