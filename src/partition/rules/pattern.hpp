/// Pattern: matches names of parameters, e.g. "{model.,}layers.{layer}.mlp.{gate,up}_proj.weight"; much faster than a
/// regex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace distload::rules {

/// A pattern without alternatives: a sequence of texts, numbers and stars.
class Pattern {
 public:
  struct Match {
    std::optional<std::uint32_t> layer;   ///< number matched by {layer}
    std::optional<std::uint32_t> expert;  ///< number matched by {expert}
    std::optional<std::uint32_t> head;    ///< number matched by {head}
    std::size_t layer_at = 0;             ///< position of the layer's number in the name
  };

  /// Parses `text` and expands its alternatives.
  ///
  /// `{layer}`, `{expert}` and `{head}`: a decimal number. `*`: one or more characters except dots; `**`: with dots.
  /// `{a,b}`: one of several texts, which may be empty.
  /// @throws std::invalid_argument  `text` is malformed; says why.
  static std::vector<Pattern> parse(std::string_view text);

  /// Matches the whole of `name`.
  std::optional<Match> match(std::string_view name) const;
  /// The part of `name` behind its last dot but one; all of it if it has fewer dots.
  static std::string_view ending_of(std::string_view name) noexcept;
  /// The `ending_of` all names that match, if they have the same. Valid as long as the pattern.
  std::optional<std::string_view> ending() const noexcept;

  /// The only name that matches; nothing if several do.
  std::optional<std::string_view> only_name() const noexcept;
  /// The text before the first number or star.
  std::string_view beginning() const noexcept;
  /// True if the pattern has {layer}.
  bool has_layer() const noexcept { return has(Kind::layer); }
  /// True if the pattern has {expert}.
  bool has_expert() const noexcept { return has(Kind::expert); }
  /// True if the pattern has {head}.
  bool has_head() const noexcept { return has(Kind::head); }
  bool has_star() const noexcept { return has_star_; }

  /// What {layer}, {expert}, {head} and every star of a pattern stand for in one name.
  struct Numbers {
    std::uint32_t layer = 0;
    std::uint32_t expert = 0;
    std::uint32_t head = 0;
    std::uint32_t star = 0;
  };
  /// The name with these numbers, which the pattern matches.
  std::string name(Numbers const& numbers) const;

  friend bool operator==(Pattern const&, Pattern const&) = default;

 private:
  enum class Kind : std::uint8_t { text, layer, expert, head, star, stars };

  struct Part {
    Kind kind = Kind::text;
    std::string text;

    friend bool operator==(Part const&, Part const&) = default;
  };

  static bool is_star(Kind kind) noexcept { return kind == Kind::star || kind == Kind::stars; }

  void add(Kind kind, std::string_view text = {});
  bool has(Kind kind) const noexcept;
  /// The end of `part`, which is not a star and begins at `at`; nothing if it does not match. Stores its number in
  /// `match`.
  static std::optional<std::size_t> end_of(Part const& part, std::string_view name, std::size_t at, Match& match);
  /// For each star, from the last to the first, the positions in `name` after which the rest of the pattern matches.
  std::vector<std::vector<bool>> places_behind_stars(std::string_view name) const;

  std::vector<Part> parts_;
  bool has_star_ = false;
};

/// True if one of `patterns` matches.
bool any_matches(std::vector<Pattern> const& patterns, std::string_view name);

}  // namespace distload::rules
