/// The description of BERT, for its relatives.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "infer/families.hpp"

namespace distload::infer {

/// An encoder with BERT's names behind one of `prefixes`.
ModelDescription encoder_of_bert(ModelConfig const& config, ParameterNames const& names,
                                 std::initializer_list<std::string_view> prefixes);

}  // namespace distload::infer
