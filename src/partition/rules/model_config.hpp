/// ModelConfig: the scalars of a model's config.json under dotted keys; those of a short list end in their place in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace distload::rules {

class ModelConfig {
 public:
  /// Nothing is known.
  ModelConfig() = default;
  /// @throws ConfigError if `text` is no JSON object. An empty text is a config without keys.
  explicit ModelConfig(std::string_view text);

  /// The integer, zero or more, at `key` ("hidden_size", "text_config.hidden_size"), or nothing if it is absent or
  /// null.
  /// @throws RuleProblem if something else stands there.
  std::optional<std::uint64_t> size(std::string const& key) const;
  /// The boolean at `key`, or nothing if it is absent or null.
  /// @throws RuleProblem if something else stands there.
  std::optional<bool> boolean(std::string const& key) const;
  /// The string at `key`, or nothing if there is none.
  std::optional<std::string> text(std::string const& key) const;

 private:
  /// Whatever is neither of these is kept as `Other`, its JSON text, for messages.
  struct Other {
    std::string json;
  };
  using Value = std::variant<std::uint64_t, bool, std::string, Other>;

  std::map<std::string, Value> values_;
};

}  // namespace distload::rules
