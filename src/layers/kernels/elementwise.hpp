/// Kernels that treat each number of activations by itself. Complete when they return (host), or enqueued (CUDA).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/layers/activation_function.hpp>
#include <distload/layers/activations.hpp>

#include "layers/kernels/numbers.hpp"

namespace distload {

/// One step of a sum of several arrays: array `to` += array `from`.
struct Addition {
  std::uint32_t to = 0;
  std::uint32_t from = 0;

  friend bool operator==(Addition const&, Addition const&) = default;
};

/// Carries the additions out, in order, on arrays of `size` numbers that lie one after the other.
void add_nodes(float* arrays, std::uint64_t size, std::vector<Addition> const& additions);

/// x += y
void add(Activations const& x, ConstActivations const& y);
/// x[t][i] += numbers(i)
void add_to_each_token(Activations const& x, Numbers const& numbers);
/// x *= factor
void scale(Activations const& x, float factor);
/// x = cap * tanh(x / cap)
void apply_soft_cap(Activations const& x, float cap);
/// x = f(x)
void apply(ActivationFunction function, Activations const& x);
/// x = f(gate) * x
void apply_gate(ActivationFunction function, ConstActivations const& gate, Activations const& x);
/// x[t][i] *= sigmoid(gate[t][0])
void apply_sigmoid_gate(ConstActivations const& gate, Activations const& x);

}  // namespace distload
