// Groups messages about tensors.
#include "partition/problems.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace distload {
namespace {

constexpr std::size_t kShownText = 2000;
constexpr std::size_t kShownParagraphs = 20;
constexpr std::size_t kShownFamilies = 30;
constexpr std::size_t kShownRanges = 20;

template <class T>
std::span<T const> shown(std::vector<T> const& all, std::size_t most) {
  return std::span(all).first(std::min(all.size(), most));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string_view> split_at_dots(std::string_view name) {
  std::vector<std::string_view> segments;
  for (std::size_t begin = 0;;) {
    auto const dot = name.find('.', begin);
    segments.push_back(name.substr(begin, dot - begin));
    if (dot == std::string_view::npos) return segments;
    begin = dot + 1;
  }
}

std::string form_of(std::string_view name) {
  std::string form;
  for (auto const segment : split_at_dots(name)) {
    if (!form.empty()) form += '.';
    form += is_number(segment) ? "*" : segment;
  }
  return form;
}

/// The numbers in which names of the same form differ, if they differ in one segment only.
std::optional<std::vector<std::uint64_t>> numbers_of(std::vector<std::string> const& names) {
  auto const first = split_at_dots(names.front());
  std::optional<std::size_t> varying;
  std::vector<std::uint64_t> numbers;
  for (auto const& name : names) {
    auto const segments = split_at_dots(name);
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (segments[i] == first[i]) continue;
      if (varying.value_or(i) != i) return std::nullopt;
      varying = i;
    }
  }
  if (!varying) return std::nullopt;
  for (auto const& name : names) {
    auto const segment = split_at_dots(name)[*varying];
    std::uint64_t number = 0;
    if (std::from_chars(segment.data(), segment.data() + segment.size(), number).ec != std::errc()) return std::nullopt;
    numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// "0-5, 7"
std::string ranges(std::vector<std::uint64_t> const& numbers) {
  std::string text;
  std::size_t count = 0;
  for (std::size_t i = 0; i < numbers.size();) {
    if (++count > kShownRanges) return text + " and " + std::to_string(numbers.size() - i) + " more";
    auto end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    if (!text.empty()) text += ", ";
    text += std::to_string(numbers[i]);
    if (end - i > 1) text += "-" + std::to_string(numbers[end - 1]);
    i = end;
  }
  return text;
}

}  // namespace

void Problems::add(std::string const& text, std::string const& name, Shape const& shape) {
  add_entry(text, name, " " + to_string(shape));
}

void Problems::add(std::string const& text, std::string const& name, Shape const& shape, std::string const& weight) {
  add_entry(text, name, " " + to_string(shape) + " beside " + weight);
}

void Problems::add(std::string const& text, std::string const& name) { add_entry(text, name, ""); }

void Problems::add(Problems const& others) {
  for (auto const& paragraph : others.paragraphs_) {
    for (auto const& family : paragraph.families) {
      for (auto const& name : family.names) add_entry(paragraph.text, name, family.shape);
    }
  }
}

void Problems::add_entry(std::string const& text, std::string const& name, std::string const& shape) {
  ++count_;
  auto const [paragraph, is_new_paragraph] = paragraph_of_.try_emplace(text, paragraphs_.size());
  if (is_new_paragraph) paragraphs_.push_back({text, {}});
  auto& families = paragraphs_[paragraph->second].families;
  auto form = form_of(name);
  auto shape_form = form_of(shape);
  auto const key = std::to_string(paragraph->second) + shape_form + " " + form;
  auto const [family, is_new_family] = family_of_.try_emplace(key, families.size());
  if (is_new_family) families.push_back({std::move(form), name, shape, std::move(shape_form), {}});
  families[family->second].names.push_back(name);
}

bool Problems::contains(std::string const& name) const {
  return std::ranges::any_of(paragraphs_, [&](auto const& paragraph) {
    return std::ranges::any_of(paragraph.families, [&](auto const& family) {
      return std::ranges::find(family.names, name) != family.names.end();
    });
  });
}

std::string Problems::describe() const {
  std::string text;
  for (auto const& paragraph : shown(paragraphs_, kShownParagraphs)) {
    text += "\n  " + printable(paragraph.text, kShownText) + ":";
    for (auto const& family : shown(paragraph.families, kShownFamilies)) {
      text += "\n    " + (family.first.empty() ? "''" : printable(family.first)) + family.shape;
      if (family.names.size() == 1) continue;
      if (auto const numbers = numbers_of(family.names)) {
        text += " (and so for " + ranges(*numbers) + ")";
      } else {
        text += " (and " + std::to_string(family.names.size() - 1) + " more like " + printable(family.form) + ")";
      }
    }
    std::size_t more = 0;
    for (auto i = kShownFamilies; i < paragraph.families.size(); ++i) more += paragraph.families[i].names.size();
    if (more > 0) text += "\n    and " + std::to_string(more) + " more";
  }
  if (paragraphs_.size() > kShownParagraphs) {
    text += "\n  and " + std::to_string(paragraphs_.size() - kShownParagraphs) + " other problems";
  }
  return text;
}

}  // namespace distload
