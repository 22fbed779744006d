/// ConfigValues: the scalars of a model's config.json under dotted keys; those of a short list end in their place in
/// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace distload::rules {

/// No size of a model is larger; products of two of them are checked.
inline constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 40U;

class ConfigValues {
 public:
  /// Nothing is known.
  ConfigValues() = default;
  /// An empty text is a config without keys.
  /// @param source  where it comes from, for messages
  /// @throws ConfigError if `text` is no JSON object; names `source` and the place.
  explicit ConfigValues(std::string_view text, std::string source = "config.json");

  std::string const& source() const noexcept { return source_; }

  /// The integer, from zero to kMaxSize, at `key` ("hidden_size", "text_config.hidden_size"), or nothing if it is
  /// absent or null.
  /// @throws ConfigProblem if something else stands there.
  std::optional<std::uint64_t> size(std::string const& key) const;
  /// The boolean at `key`, or nothing if it is absent or null.
  /// @throws ConfigProblem if something else stands there.
  std::optional<bool> boolean(std::string const& key) const;
  /// The string at `key`, or nothing if it is absent or null.
  /// @throws ConfigProblem if something else stands there.
  std::optional<std::string> text(std::string const& key) const;

 private:
  struct Value {
    std::variant<std::monostate, std::uint64_t, bool, std::string> known;  ///< nothing: of another kind
    std::string shown;                                                     ///< for messages
  };

  Value const* find(std::string const& key) const;

  std::string source_ = "config.json";
  std::map<std::string, Value> values_;
};

}  // namespace distload::rules
