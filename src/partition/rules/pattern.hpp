/// Pattern: names of parameters, e.g. "{model.,}layers.{layer}.mlp.{gate,up}_proj.weight"; much faster than a regex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace distload::rules {

/// A pattern without alternatives: text, numbers and stars in a row.
class Pattern {
 public:
  struct Match {
    std::optional<std::uint32_t> layer;   ///< what {layer} stood for
    std::optional<std::uint32_t> expert;  ///< and {expert}
    std::size_t layer_at = 0;             ///< where the layer's number begins in the name
  };

  /// Expands the alternatives of `text`.
  ///
  /// `{layer}` and `{expert}`: a decimal number. `*`: one or more characters other than a dot. `{a,b}`: one of several
  /// texts, which may be empty.
  /// @throws std::invalid_argument that says what is wrong with `text`.
  static std::vector<Pattern> parse(std::string_view text);

  /// Matches the whole of `name`.
  std::optional<Match> match(std::string_view name) const;
  /// True if {layer} occurs.
  bool has_layer() const noexcept;

 private:
  enum class Kind : std::uint8_t { text, layer, expert, star };

  struct Part {
    Kind kind = Kind::text;
    std::string text;
  };

  void add(Kind kind, std::string_view text = {});
  /// Where a part ends that begins at `at` and is no star; nothing if it does not match. Leaves its number in `match`.
  static std::optional<std::size_t> end_of(Part const& part, std::string_view name, std::size_t at, Match& match);
  /// For each star, the places in `name` behind which everything after the star can match, from the last star to the
  /// first.
  std::vector<std::vector<bool>> places_behind_stars(std::string_view name) const;

  std::vector<Part> parts_;
  bool has_star_ = false;
};

/// True if one of `patterns` matches.
bool any_matches(std::vector<Pattern> const& patterns, std::string_view name);

}  // namespace distload::rules
