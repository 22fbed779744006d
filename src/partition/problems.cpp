// Grouping of messages about tensors.
#include "partition/problems.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace distload::rules {
namespace {

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

/// The numbers in which names of one form differ, if they differ in one segment only.
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
  for (std::size_t i = 0; i < numbers.size();) {
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
  auto paragraph = std::find_if(paragraphs_.begin(), paragraphs_.end(), [&](auto const& p) { return p.text == text; });
  if (paragraph == paragraphs_.end()) paragraph = paragraphs_.insert(paragraph, {text, {}});
  auto const form = form_of(name);
  auto const shape_form = form_of(shape);
  auto& families = paragraph->families;
  auto family = std::find_if(families.begin(), families.end(),
                             [&](auto const& f) { return f.form == form && f.shape_form == shape_form; });
  if (family == families.end()) family = families.insert(family, {form, name, shape, shape_form, {}});
  family->names.push_back(name);
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
  for (auto const& paragraph : paragraphs_) {
    text += "\n  " + paragraph.text + ":";
    for (auto const& family : paragraph.families) {
      text += "\n    " + family.first + family.shape;
      if (family.names.size() == 1) continue;
      if (auto const numbers = numbers_of(family.names)) {
        text += " (and so for " + ranges(*numbers) + ")";
      } else {
        text += " (and " + std::to_string(family.names.size() - 1) + " more like " + family.form + ")";
      }
    }
  }
  return text;
}

}  // namespace distload::rules
