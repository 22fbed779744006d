/// choose_experts: which experts each token uses, with which weights. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/layers/experts.hpp>

namespace distload {

/// An expert of a token.
struct Choice {
  std::uint32_t expert = 0;
  float weight = 0;

  friend bool operator==(Choice const&, Choice const&) = default;
};

/// The experts of one token, by descending score; of equal scores the lower number first.
/// @param logits  the router's outputs, one for each expert
/// @param bias    added to scores for the choice only; may be empty
std::vector<Choice> choose_experts(RouterOptions const& options, std::span<float const> logits,
                                   std::span<float const> bias);

}  // namespace distload
