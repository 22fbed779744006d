/// ConfigValues: the scalars of a model's config.json by dotted keys; items of short lists have their index as last
/// part of the key, the number of the items of lists and objects has `count`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace distload::rules {

/// Larger sizes are refused; products of two sizes are checked.
inline constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 40U;

/// What follows the key of a list or an object: the number of its items.
inline constexpr std::string_view kCount = ".count";

/// A value of config.json that conditions compare.
using Scalar = std::variant<bool, double, std::string>;

/// The value as a text for messages.
std::string shown(Scalar const& value);

class ConfigValues {
 public:
  /// A config without keys.
  ConfigValues() = default;
  /// An empty text is a config without keys.
  /// @param source  name of the text in messages
  /// @throws ConfigError  `text` is not a JSON object; names `source` and the position.
  explicit ConfigValues(std::string_view text, std::string source = "config.json");

  std::string const& source() const noexcept { return source_; }

  /// The integer from zero to kMaxSize at `key` ("hidden_size", "text_config.hidden_size"); nothing if it is absent or
  /// null.
  /// @throws ConfigProblem  the value is of another kind.
  std::optional<std::uint64_t> size(std::string const& key) const;
  /// The boolean at `key`; nothing if it is absent or null.
  /// @throws ConfigProblem  the value is of another kind.
  std::optional<bool> boolean(std::string const& key) const;
  /// The string at `key`; nothing if it is absent or null.
  /// @throws ConfigProblem  the value is of another kind.
  std::optional<std::string> text(std::string const& key) const;
  /// The number, boolean or string at `key`; nothing if it is absent, null, or of another kind.
  std::optional<Scalar> scalar(std::string const& key) const;
  /// Makes the value of `from` and those below it available under `key` as well, unless `key` has values of its own.
  void add_synonym(std::string const& key, std::string const& from);

 private:
  struct Value {
    /// A double is a negative or fractional number; std::monostate a value of another kind.
    std::variant<std::monostate, std::uint64_t, bool, std::string, double> known;
    std::string shown;  ///< text for messages
  };

  Value const* find(std::string const& key) const;

  std::string source_ = "config.json";
  std::map<std::string, Value> values_;
};

}  // namespace distload::rules
