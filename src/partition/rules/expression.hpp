/// Expression: a size in a rule file: "128", "heads", "config.hidden_size", "hidden / heads", or a list of these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace distload::rules {

/// What precedes a key of config.json.
inline constexpr std::string_view kConfigPrefix = "config.";
/// What follows a key of config.json whose value is a list with one item for each layer.
inline constexpr std::string_view kOfLayer = "[layer]";

/// A value in an expression.
struct Operand {
  enum class Kind : std::uint8_t {
    number,
    size,        ///< one of the `sizes` of the file
    config_key,  ///< "config." and a dotted key of config.json
  };

  Kind kind = Kind::number;
  std::uint64_t number = 0;
  std::string name;       ///< name of the size, or the key without "config."
  bool of_layer = false;  ///< the key's item for the layer
};

/// One operand, or two operands with one of + - * / between them.
struct Term {
  Operand left;
  char operation = 0;  ///< 0 if there is no right operand
  Operand right;
};

struct Expression {
  std::vector<Term> alternatives;  ///< the value is that of the first alternative whose operands are all known
  std::string text;                ///< as written, for messages
};

/// True if an operand of the expression itself is the item of a layer.
bool is_of_layer(Expression const& expression);

/// @throws std::invalid_argument  `text` is malformed; says why.
Term parse_term(std::string_view text);

}  // namespace distload::rules
