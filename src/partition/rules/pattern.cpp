// A small backtracking matcher; only stars backtrack, and they stop at dots.
#include "partition/rules/pattern.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace distload::rules {
namespace {

/// More alternatives than any family needs; a product of many lists would otherwise fill the memory.
constexpr std::size_t kMaxAlternatives = 1024;

[[noreturn]] void fail(std::string_view pattern, std::string const& what) {
  throw std::invalid_argument("pattern \"" + std::string(pattern) + "\": " + what);
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
  std::vector<Pattern> patterns(1);
  for (auto rest = text; !rest.empty();) {
    auto const special = std::min(rest.find_first_of("{}*"), rest.size());
    for (auto& pattern : patterns) pattern.add(Kind::text, rest.substr(0, special));
    rest.remove_prefix(special);
    if (rest.empty()) break;

    if (rest.front() == '}') fail(text, "a } without its {");
    if (rest.front() == '*') {
      for (auto& pattern : patterns) pattern.add(Kind::star);
      rest.remove_prefix(1);
      continue;
    }
    auto const end = rest.find('}');
    if (end == std::string_view::npos) fail(text, "a { without its }");
    auto const inside = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (inside == "layer" || inside == "expert") {
      auto const kind = inside == "layer" ? Kind::layer : Kind::expert;
      auto const& parts = patterns.front().parts_;
      if (std::any_of(parts.begin(), parts.end(), [&](Part const& part) { return part.kind == kind; })) {
        fail(text, "{" + std::string(inside) + "} stands twice");
      }
      for (auto& pattern : patterns) pattern.add(kind);
      continue;
    }
    if (inside.find_first_of("{*") != std::string_view::npos) fail(text, "alternatives hold plain text only");
    auto const items = split_at_commas(inside);
    if (items.size() == 1)
      fail(text, "{" + std::string(inside) + "} is unknown; there are {layer}, {expert} and {a,b}");
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
  } else if (!text.empty()) {
    if (!parts_.empty() && parts_.back().kind == Kind::text) {
      parts_.back().text += text;
    } else {
      parts_.push_back({kind, std::string(text)});
    }
  }
}

std::optional<Pattern::Match> Pattern::match(std::string_view name) const noexcept {
  // Most patterns differ in how they end: this rejects them without a walk over what they share.
  if (!parts_.empty() && parts_.back().kind == Kind::text && !name.ends_with(parts_.back().text)) return std::nullopt;
  Match match;
  if (!match_from(0, name, 0, match)) return std::nullopt;
  return match;
}

bool Pattern::has_layer() const noexcept {
  return std::any_of(parts_.begin(), parts_.end(), [](Part const& part) { return part.kind == Kind::layer; });
}

bool Pattern::match_from(std::size_t index, std::string_view name, std::size_t at, Match& match) const noexcept {
  for (; index < parts_.size(); ++index) {
    auto const& part = parts_[index];
    auto const rest = name.substr(at);
    if (part.kind == Kind::text) {
      if (!rest.starts_with(part.text)) return false;
      at += part.text.size();
    } else if (part.kind == Kind::star) {
      auto const longest = std::min(rest.find('.'), rest.size());
      for (auto length = longest; length > 0; --length) {
        if (match_from(index + 1, name, at + length, match)) return true;
      }
      return false;
    } else {
      std::uint32_t number = 0;
      auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
      if (error != std::errc()) return false;
      if (part.kind == Kind::layer) {
        match.layer = number;
        match.layer_at = at;
      } else {
        match.expert = number;
      }
      at += static_cast<std::size_t>(end - rest.data());
    }
  }
  return at == name.size();
}

bool any_matches(std::vector<Pattern> const& patterns, std::string_view name) noexcept {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](Pattern const& pattern) { return pattern.match(name).has_value(); });
}

}  // namespace distload::rules
