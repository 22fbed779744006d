/// Expression: a size as a rule file writes it: "128", "heads", "config.hidden_size", "hidden / heads", or a list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace distload::rules {

/// One value in an expression.
struct Operand {
  enum class Kind : std::uint8_t {
    number,
    size,        ///< one of the file's own `sizes`
    config_key,  ///< "config." and a dotted key of config.json
  };

  Kind kind = Kind::number;
  std::uint64_t number = 0;
  std::string name;  ///< of the size, or the key without "config."
};

/// One operand, or two with one of + - * / between them.
struct Term {
  Operand left;
  char operation = 0;  ///< 0 where there is no right operand
  Operand right;
};

struct Expression {
  std::vector<Term> alternatives;  ///< the first whose operands are all known is the value
  std::string text;                ///< as written, for messages
};

/// @throws std::invalid_argument that says what is wrong with `text`.
Term parse_term(std::string_view text);

}  // namespace distload::rules
