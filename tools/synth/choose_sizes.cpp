// Searches over hidden sizes; the other sizes follow from each.
#include "synth/choose_sizes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

namespace distload::synth {
namespace {

constexpr std::uint64_t kGrain = 1024;  ///< 128 per rank on 8 ranks
constexpr std::uint64_t kLargestHidden = 32 * kGrain;
constexpr std::uint64_t kMaxSize = std::uint64_t{1}
                                   << 24U;  ///< of any single size, so that products of two do not overflow
constexpr std::uint64_t kMaxLayers = 10'000;
constexpr std::uint64_t kMaxExperts = 65'536;
constexpr std::uint64_t kExpertGrain = 128;  ///< of an expert's size: 16 per rank on 8 ranks
constexpr std::uint64_t kFewestExperts = 8;
constexpr std::uint64_t kMaxParameters = std::uint64_t{1} << 50U;

/// Weight of a difference from the requested total, relative to differences from the family's proportions.
constexpr double kTotalWeight = 4;

/// Ratio to the requested size above which a model is refused.
constexpr double kTolerance = 1.25;

std::vector<std::uint64_t> hidden_candidates(SizeOverrides const& overrides) {
  if (overrides.hidden) return {*overrides.hidden};
  std::vector<std::uint64_t> candidates{128, 256, 512};
  for (auto hidden = kGrain; hidden <= kLargestHidden; hidden += kGrain) candidates.push_back(hidden);
  return candidates;
}

/// `wanted` rounded to a multiple of `grain`, at least one.
std::uint64_t to_grain(double wanted, std::uint64_t grain) {
  auto const count = std::llround(wanted / static_cast<double>(grain));
  return grain * static_cast<std::uint64_t>(std::max(1LL, count));
}

/// The vocabulary with which the model has `parameters` parameters; embedding and output head both have its size.
std::uint64_t fill_with_vocabulary(Family const& family, ModelSizes sizes, double parameters, std::uint64_t grain) {
  sizes.vocabulary = 0;
  auto const rest = parameters - static_cast<double>(parameters_of(family, sizes));
  auto const per_word = sizes.hidden * (family.has_output_head && !sizes.tied ? 2U : 1U);
  return to_grain(rest / static_cast<double>(per_word), grain);
}

/// As many experts as the family has, but at most so many that one layer's are a quarter of the model.
std::uint64_t experts_with(Family const& family, ModelSizes const& sizes, double parameters) {
  auto experts = family.experts;
  auto const expert = 3 * sizes.hidden * sizes.expert_intermediate;
  while (experts > kFewestExperts && static_cast<double>(experts * expert) > parameters / 4) experts /= 2;
  return experts;
}

/// The number of layers with which the model has about `parameters` parameters.
std::uint64_t layers_with(Family const& family, ModelSizes sizes, double parameters) {
  auto const with = [&](std::uint64_t layers) {
    sizes.layers = layers;
    return static_cast<double>(parameters_of(family, sizes));
  };
  // The first layers may be smaller than the others, which all have the same size.
  auto const first = family.dense_layers + 1;
  auto const layer = with(first + 1) - with(first);
  auto const layers = static_cast<double>(first) + (parameters - with(first)) / layer;
  if (layers >= static_cast<double>(first))
    return static_cast<std::uint64_t>(std::llround(std::min(layers, static_cast<double>(kMaxLayers))));
  auto fewer = first;
  while (fewer > 1 && with(fewer) > parameters) --fewer;
  return fewer;
}

ModelSizes sizes_with(Family const& family, double parameters, SizeOverrides const& overrides, std::uint64_t hidden) {
  auto const grain = std::min(hidden, kGrain);
  ModelSizes sizes;
  sizes.tied = overrides.tied;
  sizes.hidden = hidden;
  sizes.head_dim = overrides.head_dim.value_or(
      overrides.heads ? hidden / *overrides.heads : std::clamp<std::uint64_t>(hidden / 8, 1, family.head_dim));
  sizes.heads = overrides.heads.value_or(hidden / std::max<std::uint64_t>(1, sizes.head_dim));
  sizes.kv_heads =
      overrides.kv_heads.value_or(family.kv_heads == 0 ? sizes.heads : std::min(family.kv_heads, sizes.heads));
  sizes.intermediate =
      overrides.intermediate.value_or(to_grain(family.intermediate_per_hidden * static_cast<double>(hidden), grain));
  if (family.experts != 0) {
    sizes.expert_intermediate = overrides.expert_intermediate.value_or(
        to_grain(family.expert_intermediate_per_hidden * static_cast<double>(hidden), std::min(hidden, kExpertGrain)));
    sizes.experts = overrides.experts ? *overrides.experts : experts_with(family, sizes, parameters);
  }
  // Embeddings use the family's vocabulary, but at most a quarter of a small model.
  auto const largest_vocabulary =
      std::min(static_cast<double>(family.vocabulary), parameters / 8 / static_cast<double>(hidden));
  sizes.vocabulary = overrides.vocabulary.value_or(to_grain(largest_vocabulary, grain));

  sizes.layers = overrides.layers ? *overrides.layers : layers_with(family, sizes, parameters);
  if (!overrides.vocabulary) sizes.vocabulary = fill_with_vocabulary(family, sizes, parameters, grain);
  return sizes;
}

/// The distance of a model from the request and from the family's proportions; 0 is best.
double distance(Family const& family, ModelSizes const& sizes, double parameters) {
  auto const layers = static_cast<double>(sizes.layers * family.hidden_per_layer) / static_cast<double>(sizes.hidden);
  auto const vocabulary = static_cast<double>(family.vocabulary) / static_cast<double>(sizes.vocabulary);
  auto const total = static_cast<double>(parameters_of(family, sizes)) / parameters;
  return std::abs(std::log(layers)) + std::max(0.0, -std::log(vocabulary)) + kTotalWeight * std::abs(std::log(total));
}

void check_overrides(Family const& family, SizeOverrides const& overrides) {
  for (auto const& value :
       std::array{overrides.layers, overrides.hidden, overrides.heads, overrides.kv_heads, overrides.head_dim,
                  overrides.intermediate, overrides.vocabulary, overrides.experts, overrides.expert_intermediate}) {
    if (value && (*value == 0 || *value > kMaxSize))
      throw UsageError("a size must be between 1 and " + std::to_string(kMaxSize));
  }
  if (overrides.layers && *overrides.layers > kMaxLayers) {
    throw UsageError("--layers " + std::to_string(*overrides.layers) + " is more than " + std::to_string(kMaxLayers));
  }
  if (overrides.experts && *overrides.experts > kMaxExperts)
    throw UsageError("--experts " + std::to_string(*overrides.experts) + " is more than " +
                     std::to_string(kMaxExperts));
  auto const name = std::string(family.name);
  if (family.experts == 0 && (overrides.experts || overrides.expert_intermediate))
    throw UsageError(name + " has no experts");
  if (overrides.tied && !family.has_output_head) throw UsageError(name + " has no output head that could be tied");
  if (family.kv_heads == 0 && overrides.kv_heads) throw UsageError(name + " has as many key and value heads as heads");
  if (family.kv_heads == 0 && family.experts == 0 && overrides.head_dim) {
    throw UsageError(name + " has hidden / heads for the size of a head");
  }
}

void check(ModelSizes const& sizes, Family const& family) {
  if (sizes.head_dim == 0 || sizes.heads == 0) {
    throw UsageError("--hidden " + std::to_string(sizes.hidden) + " is too small for its heads");
  }
  if (sizes.heads % sizes.kv_heads != 0) {
    throw UsageError(std::to_string(sizes.heads) + " heads are no multiple of " + std::to_string(sizes.kv_heads) +
                     " key and value heads");
  }
  // The family's config.json cannot express the size of a head.
  if (family.kv_heads == 0 && family.experts == 0 && sizes.heads * sizes.head_dim != sizes.hidden) {
    throw UsageError(std::to_string(sizes.heads) + " heads do not divide --hidden " + std::to_string(sizes.hidden));
  }
  auto one_layer = sizes;
  one_layer.layers = 1;
  for (auto const& tensor : tensors_of(family, one_layer)) {
    if (!checked_volume(tensor.shape, kMaxLayers * 64 * std::max<std::uint64_t>(1, sizes.experts))) {
      throw UsageError(tensor.name + " would have the shape " + to_string(tensor.shape) + ", which is too large");
    }
  }
}

}  // namespace

ModelSizes choose_sizes(Family const& family, std::uint64_t parameters, SizeOverrides const& overrides) {
  check_overrides(family, overrides);
  if (parameters > kMaxParameters) throw UsageError("--size asks for more than 2^50 parameters");
  auto const wanted = static_cast<double>(std::max<std::uint64_t>(1, parameters));
  ModelSizes best;
  auto least = std::numeric_limits<double>::infinity();
  for (auto const hidden : hidden_candidates(overrides)) {
    auto const sizes = sizes_with(family, wanted, overrides, hidden);
    if (auto const far = distance(family, sizes, wanted); far < least || best.hidden == 0) {
      best = sizes;
      least = far;
    }
  }
  check(best, family);
  auto const total = parameters_of(family, best);
  if (overrides.empty() && static_cast<double>(total) > kTolerance * wanted) {
    throw UsageError("the smallest " + std::string(family.name) + " has " + std::to_string(total) +
                     " parameters, but only " + std::to_string(parameters) + " are asked for");
  }
  return best;
}

}  // namespace distload::synth
