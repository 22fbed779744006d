/// choose_sizes: sizes of a model with about the requested number of parameters and the proportions of its family.
#pragma once

#include <cstdint>
#include <optional>

#include "synth/families.hpp"

namespace distload::synth {

/// Sizes set by the user; the rest is chosen.
struct SizeOverrides {
  std::optional<std::uint64_t> layers = {};
  std::optional<std::uint64_t> hidden = {};
  std::optional<std::uint64_t> heads = {};
  std::optional<std::uint64_t> kv_heads = {};
  std::optional<std::uint64_t> head_dim = {};
  std::optional<std::uint64_t> intermediate = {};
  std::optional<std::uint64_t> vocabulary = {};
  bool tied = false;
  std::optional<std::uint64_t> experts = {};
  std::optional<std::uint64_t> expert_intermediate = {};

  bool empty() const noexcept {
    return !layers && !hidden && !heads && !kv_heads && !head_dim && !intermediate && !vocabulary && !experts &&
           !expert_intermediate;
  }
};

/// Sizes of a model with about `parameters` parameters. Chosen sizes are divisible by 8 ranks: a multiple of 8 heads,
/// and other sizes that are multiples of 1024, or of the hidden size if that is smaller; an expert's is a multiple of
/// 128. A small model has fewer experts than its family. The vocabulary compensates for the rounding to whole layers.
/// @throws UsageError  the sizes contradict each other or overflow, or no model of the family is so small.
ModelSizes choose_sizes(Family const& family, std::uint64_t parameters, SizeOverrides const& overrides);

}  // namespace distload::synth
