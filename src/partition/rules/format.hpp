/// Format: how a quantized weight is stored, as data. config/models/quantization/formats.yaml has those that are known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/dtype.hpp>

#include "partition/rules/condition.hpp"
#include "partition/rules/expression.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// The axes of a weight [out, in].
enum class WeightAxis : std::uint8_t { out, in };

/// An axis of a stored tensor: "in / 8", "in * 3 / 32", "out / *", "16".
struct FormatAxis {
  std::optional<WeightAxis> follows;  ///< nothing: the axis has `block` elements, which belong together
  std::optional<Expression> block;    ///< elements of the weight that are stored together; nothing: any equal blocks
  std::optional<Expression> stored;   ///< elements that store a block; nothing: one
};

/// The axes of a stored tensor, behind those that a weight may have before [out, in]: of experts.
using FormatShape = std::vector<FormatAxis>;

/// A name beside a weight's: the weight's, with `of_weight` at its end replaced by `ending`.
struct FormatName {
  std::string ending;     ///< ".qzeros"
  std::string of_weight;  ///< ".weight"

  /// The name of the weight; nothing if `name` is not of this form.
  std::optional<std::string> weight_of(std::string_view name) const;
  /// The name beside that of the weight; nothing if the weight's is not of this form.
  std::optional<std::string> beside(std::string_view weight) const;
};

/// A tensor beside a weight.
struct FormatTensor {
  std::vector<FormatName> names;
  std::vector<FormatShape> shapes;  ///< the first that fits counts
  std::string text;                 ///< the shapes as written
  std::string location;
};

/// How the weight itself is stored, if not as [out, in].
struct FormatWeight {
  FormatName name;
  std::vector<DType> dtypes;
  FormatShape shape;
};

/// A cut that a format does not allow.
struct FormatRefusal {
  std::vector<Condition> when;
  std::optional<WeightAxis> cut;  ///< nothing: the format is refused as a whole
  std::string reason;
};

/// The numbers in a tensor beside a weight.
enum class FormatContent : std::uint8_t {
  any,
  shape,   ///< the weight's shape
  groups,  ///< for each input, the number of its group
};

/// A tensor beside a weight, in checkpoints that distload-synth writes.
struct WrittenTensor {
  FormatName name;
  std::optional<DType> dtype;  ///< nothing: the model's
  FormatShape shape;
  FormatContent content = FormatContent::any;
  std::vector<Condition> when;
};

/// How distload-synth writes weights of a format: what releases have of all that the format allows.
struct WrittenFormat {
  std::string name;               ///< of `--quantization`
  std::string config;             ///< the quantization_config of models that have none, as JSON
  std::vector<Condition> when;    ///< conditions for models that have one
  std::vector<std::string> only;  ///< the weight's name must contain one of these texts; empty: none
  std::optional<DType> dtype;     ///< of the weight, where the format does not pack it
  std::vector<WrittenTensor> beside;
};

/// A size that some modules have another value of than config.json says for all: the shape of a weight tells.
struct SizeByModule {
  std::string name;
  std::vector<std::uint64_t> values;
};

struct Format {
  std::string name;
  std::vector<Condition> when;
  std::vector<SizeDefinition> sizes;
  std::optional<SizeByModule> by_module;  ///< only for packed weights
  std::optional<FormatWeight> weight;     ///< nothing: as a weight that is not quantized
  std::vector<FormatTensor> beside;
  std::optional<Expression> out_block;  ///< the blocks of `out / *` if the shape agrees; the last may be smaller
  std::optional<Expression> in_block;
  std::vector<FormatRefusal> refused;
  std::vector<WrittenFormat> written;
  std::string location;
};

}  // namespace distload::rules
