// Parses sizes.
#include "partition/rules/expression.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"

namespace distload::rules {
namespace {

constexpr std::string_view kSpace = " \t";

std::string_view trimmed(std::string_view text) {
  auto const begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

bool is_word_character(char character) {
  return is_digit(character) || character == '_' || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z');
}

Operand parse_operand(std::string_view text) {
  auto const fail = [&](char const* what) -> Operand {
    throw std::invalid_argument("`" + printable(text) + "` " + what);
  };
  if (text.empty()) return fail("is no size: write a number, the name of a size, or config.<key>");
  Operand operand;
  if (is_digit(text.front())) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), operand.number);
    if (error != std::errc() || end != text.data() + text.size()) return fail("is no whole number of 64 bits");
    return operand;
  }
  if (text.starts_with(kConfigPrefix)) {
    operand.kind = Operand::Kind::config_key;
    auto key = text.substr(kConfigPrefix.size());
    operand.of_layer = key.ends_with(kOfLayer);
    if (operand.of_layer) key.remove_suffix(kOfLayer.size());
    operand.name = key;
    auto const in_key = [](char character) { return is_word_character(character) || character == '.'; };
    if (operand.name.empty() || !std::all_of(operand.name.begin(), operand.name.end(), in_key)) {
      return fail("is no key of config.json");
    }
    return operand;
  }
  operand.kind = Operand::Kind::size;
  operand.name = text;
  if (!std::all_of(text.begin(), text.end(), is_word_character)) {
    return fail("is no size: at most one of + - * / stands between two values");
  }
  return operand;
}

}  // namespace

bool is_of_layer(Expression const& expression) {
  return std::ranges::any_of(expression.alternatives,
                             [](Term const& term) { return term.left.of_layer || term.right.of_layer; });
}

Term parse_term(std::string_view text) {
  text = trimmed(text);
  auto const operation = text.find_first_of("+-*/");
  if (operation == std::string_view::npos) return {parse_operand(text), 0, {}};
  return {parse_operand(trimmed(text.substr(0, operation))), text[operation],
          parse_operand(trimmed(text.substr(operation + 1)))};
}

}  // namespace distload::rules
