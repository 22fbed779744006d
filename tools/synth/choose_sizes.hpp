/// choose_sizes: a model of about the wanted number of parameters, proportioned as its family is.
#pragma once

#include <cstdint>
#include <optional>

#include "synth/families.hpp"

namespace distload::synth {

/// What the user fixes; the rest is chosen.
struct SizeOverrides {
  std::optional<std::uint64_t> layers = {};
  std::optional<std::uint64_t> hidden = {};
  std::optional<std::uint64_t> heads = {};
  std::optional<std::uint64_t> kv_heads = {};
  std::optional<std::uint64_t> head_dim = {};
  std::optional<std::uint64_t> intermediate = {};
  std::optional<std::uint64_t> vocabulary = {};
  bool tied = false;

  bool empty() const noexcept {
    return !layers && !hidden && !heads && !kv_heads && !head_dim && !intermediate && !vocabulary;
  }
};

/// Sizes of a model with about `parameters` parameters. What is chosen divides by 8 ranks: 8 heads or a multiple of it,
/// and other sizes that are multiples of 1024, or of the hidden size where that is smaller. The vocabulary makes up for
/// what whole layers miss.
/// @throws UsageError  the sizes contradict each other, overflow, or no model of the family is so small.
ModelSizes choose_sizes(Family const& family, std::uint64_t parameters, SizeOverrides const& overrides);

}  // namespace distload::synth
