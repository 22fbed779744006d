// A matcher in which only stars can match in several ways; they do not match dots.
#include "partition/rules/pattern.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"

namespace distload::rules {
namespace {

/// Limits the expansion of alternatives, which would otherwise exhaust memory.
constexpr std::size_t kMaxAlternatives = 1024;
constexpr std::size_t kMaxLength = 1000;
constexpr std::size_t kMaxStars = 64;

/// Longer than any 32-bit number; allows leading zeros.
constexpr std::size_t kMaxDigits = 20;

[[noreturn]] void fail(std::string_view pattern, std::string const& what) {
  throw std::invalid_argument("pattern \"" + printable(pattern) + "\": " + what);
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> items;
  for (std::size_t begin = 0;;) {
    auto const comma = text.find(',', begin);
    items.push_back(text.substr(begin, comma - begin));
    if (comma == std::string_view::npos) return items;
    begin = comma + 1;
  }
}

}  // namespace

std::vector<Pattern> Pattern::parse(std::string_view text) {
  if (text.empty()) fail(text, "is empty");
  if (text.size() > kMaxLength) fail(text, "is longer than " + std::to_string(kMaxLength) + " characters");
  if (static_cast<std::size_t>(std::ranges::count(text, '*')) > kMaxStars) {
    fail(text, "has more than " + std::to_string(kMaxStars) + " stars");
  }
  std::vector<Pattern> patterns(1);
  for (auto rest = text; !rest.empty();) {
    auto const special = std::min(rest.find_first_of("{}*"), rest.size());
    for (auto& pattern : patterns) pattern.add(Kind::text, rest.substr(0, special));
    rest.remove_prefix(special);
    if (rest.empty()) break;

    if (rest.front() == '}') fail(text, "a } without its {");
    if (rest.front() == '*') {
      auto const kind = rest.starts_with("**") ? Kind::stars : Kind::star;
      for (auto& pattern : patterns) pattern.add(kind);
      rest.remove_prefix(kind == Kind::stars ? 2 : 1);
      continue;
    }
    auto const end = rest.find('}');
    if (end == std::string_view::npos) fail(text, "a { without its }");
    auto const inside = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (inside == "layer" || inside == "expert" || inside == "head") {
      auto const kind = inside == "layer" ? Kind::layer : inside == "expert" ? Kind::expert : Kind::head;
      if (patterns.front().has(kind)) fail(text, "{" + std::string(inside) + "} stands twice");
      for (auto& pattern : patterns) pattern.add(kind);
      continue;
    }
    if (inside.find_first_of("{*") != std::string_view::npos) fail(text, "alternatives hold plain text only");
    auto const items = split_at_commas(inside);
    if (items.size() == 1)
      fail(text, "{" + printable(inside) + "} is unknown; there are {layer}, {expert}, {head} and {a,b}");
    if (patterns.size() * items.size() > kMaxAlternatives) fail(text, "too many alternatives");
    std::vector<Pattern> expanded;
    expanded.reserve(patterns.size() * items.size());
    for (auto const& pattern : patterns) {
      for (auto const item : items) {
        expanded.push_back(pattern);
        expanded.back().add(Kind::text, item);
      }
    }
    patterns = std::move(expanded);
  }
  return patterns;
}

void Pattern::add(Kind kind, std::string_view text) {
  if (kind != Kind::text) {
    parts_.push_back({kind, {}});
    has_star_ = has_star_ || is_star(kind);
  } else if (!text.empty()) {
    if (!parts_.empty() && parts_.back().kind == Kind::text) {
      parts_.back().text += text;
    } else {
      parts_.push_back({kind, std::string(text)});
    }
  }
}

std::optional<Pattern::Match> Pattern::match(std::string_view name) const {
  // Most patterns differ at their end: comparing the last text first rejects them quickly.
  if (!parts_.empty() && parts_.back().kind == Kind::text && !name.ends_with(parts_.back().text)) return std::nullopt;
  std::vector<std::vector<bool>> places;
  if (has_star_) places = places_behind_stars(name);
  Match match;
  std::size_t at = 0;
  for (auto const& part : parts_) {
    if (is_star(part.kind)) {
      auto const& behind = places.back();
      auto end = part.kind == Kind::stars ? name.size() : std::min(name.find('.', at), name.size());
      while (end > at && !behind[end]) --end;
      if (end == at) return std::nullopt;
      at = end;
      places.pop_back();
    } else if (auto const end = end_of(part, name, at, match)) {
      at = *end;
    } else {
      return std::nullopt;
    }
  }
  if (at != name.size()) return std::nullopt;
  return match;
}

std::string_view Pattern::ending_of(std::string_view name) noexcept {
  auto const last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return name;
  auto const before = name.rfind('.', last - 1);
  return before == std::string_view::npos ? name : name.substr(before + 1);
}

std::optional<std::string_view> Pattern::ending() const noexcept {
  if (parts_.empty() || parts_.back().kind != Kind::text) return std::nullopt;
  std::string_view const text = parts_.back().text;
  auto const ending = ending_of(text);
  // An ending that is the whole text may begin in the part before.
  if (ending.size() == text.size() && parts_.size() > 1) return std::nullopt;
  return ending;
}

std::optional<std::string_view> Pattern::only_name() const noexcept {
  if (parts_.size() != 1 || parts_.front().kind != Kind::text) return std::nullopt;
  return parts_.front().text;
}

std::string_view Pattern::beginning() const noexcept {
  if (parts_.empty() || parts_.front().kind != Kind::text) return {};
  return parts_.front().text;
}

bool Pattern::has(Kind kind) const noexcept {
  return std::any_of(parts_.begin(), parts_.end(), [kind](Part const& part) { return part.kind == kind; });
}

std::string Pattern::name(Numbers const& numbers) const {
  std::string name;
  for (auto const& part : parts_) {
    switch (part.kind) {
      case Kind::text: name += part.text; break;
      case Kind::layer: name += std::to_string(numbers.layer); break;
      case Kind::expert: name += std::to_string(numbers.expert); break;
      case Kind::head: name += std::to_string(numbers.head); break;
      case Kind::star:
      case Kind::stars: name += std::to_string(numbers.star); break;
    }
  }
  return name;
}

std::optional<std::size_t> Pattern::end_of(Part const& part, std::string_view name, std::size_t at, Match& match) {
  auto const rest = name.substr(at);
  if (part.kind == Kind::text) return rest.starts_with(part.text) ? std::optional(at + part.text.size()) : std::nullopt;
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(rest.data(), rest.data() + std::min(rest.size(), kMaxDigits + 1), number);
  if (error != std::errc() || end == rest.data() + kMaxDigits + 1) return std::nullopt;
  if (part.kind == Kind::layer) {
    match.layer = number;
    match.layer_at = at;
  } else {
    (part.kind == Kind::expert ? match.expert : match.head) = number;
  }
  return at + static_cast<std::size_t>(end - rest.data());
}

// Computed from the end to the front, for each part and position once: trying the lengths of several stars in turn
// would take exponential time for some names.
std::vector<std::vector<bool>> Pattern::places_behind_stars(std::string_view name) const {
  std::vector<std::vector<bool>> places;
  std::vector<bool> behind(name.size() + 1);
  behind[name.size()] = true;
  Match ignored;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    std::vector<bool> before(name.size() + 1);
    for (auto at = name.size(); at-- > 0;) {
      if (is_star(part->kind)) {
        before[at] = (part->kind == Kind::stars || name[at] != '.') && (behind[at + 1] || before[at + 1]);
      } else if (auto const end = end_of(*part, name, at, ignored)) {
        before[at] = behind[*end];
      }
    }
    if (is_star(part->kind)) places.push_back(std::move(behind));
    behind = std::move(before);
  }
  // The entry of the first star is the last, for pop_back.
  return places;
}

bool any_matches(std::vector<Pattern> const& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](Pattern const& pattern) { return pattern.match(name).has_value(); });
}

}  // namespace distload::rules
