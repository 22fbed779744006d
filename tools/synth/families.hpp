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
  bool tied = false;                      ///< the output head is the embedding and is not stored
  std::uint64_t experts = 0;              ///< of a layer
  std::uint64_t expert_intermediate = 0;  ///< the same for the shared expert

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
  experts,
  expert_intermediate,
  low_rank_query,      ///< latent attention: the rank of the queries' first projection
  low_rank_key_value,  ///< latent attention: the rank of the common projection of keys and values
  latent_key_value,    ///< low_rank_key_value + the part of the key with positions, which all heads share
  latent_query,        ///< heads x (head_dim + the part with positions)
  latent_heads,        ///< heads x (the part of the key without positions + the value)
  vocabulary,
  positions,
  token_types,
};

/// The layers that have a tensor.
enum class Layers : std::uint8_t {
  all,
  dense,   ///< the first ones of a model with experts, which have an MLP instead
  sparse,  ///< those with experts
};

/// A tensor of a family; if its name contains "{layer}", one per layer; if "{expert}" too, one per expert of a layer.
struct TensorRow {
  std::string_view name;
  Dim rows = Dim::none;
  Dim columns = Dim::none;  ///< none for a vector
  bool only_if_not_tied = false;
  Layers layers = Layers::all;
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
  /// A family with experts and latent attention has values here.
  std::uint64_t experts;  ///< of a layer; 0: none
  double expert_intermediate_per_hidden;
  std::uint64_t dense_layers;  ///< at most, and fewer than the layers of the model
  std::string_view config;     ///< additional members of config.json, as a JSON object
};

/// All families.
std::span<Family const> families() noexcept;

/// The family with that name, or nullptr.
Family const* find_family(std::string_view name) noexcept;

struct SynthTensor {
  std::string name;
  Shape shape;
};

/// The number of layers without experts, in a family with experts.
std::uint64_t dense_layers_of(Family const& family, ModelSizes const& sizes) noexcept;

/// A factor of a shape as a number.
std::uint64_t value_of(Dim dim, Family const& family, ModelSizes const& sizes) noexcept;

/// The tensors of a model, in the order of its layers.
std::vector<SynthTensor> tensors_of(Family const& family, ModelSizes const& sizes);

/// The number of elements of all tensors.
std::uint64_t parameters_of(Family const& family, ModelSizes const& sizes);

/// The model's config.json in the form of transformers.
std::string config_json(Family const& family, ModelSizes const& sizes, DType dtype);

}  // namespace distload::synth
