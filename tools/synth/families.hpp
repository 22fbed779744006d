/// families: names and shapes of the models that distload-synth writes; the only table of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload::synth {

/// The numbers that determine the shapes of a model.
struct ModelSizes {
  std::uint64_t layers = 0;
  std::uint64_t hidden = 0;
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;
  std::uint64_t head_dim = 0;
  std::uint64_t intermediate = 0;
  std::uint64_t vocabulary = 0;
  bool tied = false;  ///< the output head is the embedding and is not stored

  friend bool operator==(ModelSizes const&, ModelSizes const&) = default;
};

/// A factor of a shape.
enum class Dim : std::uint8_t {
  none,
  hidden,
  query,      ///< heads x head_dim
  key_value,  ///< kv_heads x head_dim
  head_dim,
  intermediate,
  vocabulary,
  positions,
  token_types,
};

/// A tensor of a family; if its name contains "{layer}", one per layer.
struct TensorRow {
  std::string_view name;
  Dim rows = Dim::none;
  Dim columns = Dim::none;  ///< none for a vector
  bool only_if_not_tied = false;
};

struct Family {
  std::string_view name;          ///< also config.json's model_type
  std::string_view architecture;  ///< config.json's first `architectures`
  std::span<TensorRow const> rows;
  /// Proportions of models of this family, from their public configurations.
  std::uint64_t vocabulary;
  std::uint64_t head_dim;
  std::uint64_t kv_heads;  ///< 0: equal to the number of heads
  std::uint64_t hidden_per_layer;
  double intermediate_per_hidden;
  bool has_output_head;
  std::uint64_t positions;
  std::string_view config;  ///< additional members of config.json, as a JSON object
};

/// All families.
std::span<Family const> families() noexcept;

/// The family with that name, or nullptr.
Family const* find_family(std::string_view name) noexcept;

struct SynthTensor {
  std::string name;
  Shape shape;
};

/// The tensors of a model, in the order of its layers.
std::vector<SynthTensor> tensors_of(Family const& family, ModelSizes const& sizes);

/// The number of elements of all tensors.
std::uint64_t parameters_of(Family const& family, ModelSizes const& sizes);

/// The model's config.json in the form of transformers.
std::string config_json(Family const& family, ModelSizes const& sizes, DType dtype);

}  // namespace distload::synth
