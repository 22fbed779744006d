// Parallel loops over all numbers of activations.
#include "layers/kernels/elementwise.hpp"

#include <algorithm>

#include <distload/base/bytes.hpp>

#include "layers/kernels/in_shard_space.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
using Policy = Kokkos::RangePolicy<Space, Kokkos::IndexType<std::uint64_t>>;

KOKKOS_INLINE_FUNCTION float sigmoid(float x) { return 1.0F / (1.0F + Kokkos::exp(-x)); }

KOKKOS_INLINE_FUNCTION float gelu_by_tanh(float x) {
  constexpr float kRootOf2OverPi = 0.7978845608028654F;
  return 0.5F * x * (1.0F + Kokkos::tanh(kRootOf2OverPi * (x + 0.044715F * x * x * x)));
}

KOKKOS_INLINE_FUNCTION float value_of(ActivationFunction function, float x) {
  constexpr float kRootOfHalf = 0.7071067811865476F;
  switch (function) {
    case ActivationFunction::silu: return x * sigmoid(x);
    case ActivationFunction::gelu: return 0.5F * x * (1.0F + Kokkos::erf(x * kRootOfHalf));
    case ActivationFunction::gelu_tanh: return gelu_by_tanh(x);
    case ActivationFunction::quick_gelu: return x * sigmoid(1.702F * x);
    case ActivationFunction::relu: return x > 0.0F ? x : 0.0F;
    case ActivationFunction::relu2: return x > 0.0F ? x * x : 0.0F;
    case ActivationFunction::tanh: return Kokkos::tanh(x);
    case ActivationFunction::identity: break;
  }
  return x;
}

/// Numbers that a host thread treats at a time; they stay in cache.
[[maybe_unused]] constexpr std::uint64_t kBlock = 1024;

/// Sets each number x of `activations`, at (token, position), to change(x, token, position).
template <class Change>
void change_each(char const* label, Activations const& activations, Change const& change) {
  auto const width = activations.extent(1);
  auto* const data = activations.data();
#if defined(KOKKOS_ENABLE_CUDA)
  Kokkos::parallel_for(
      label, Policy(0, activations.size()),
      KOKKOS_LAMBDA(std::uint64_t i) { data[i] = change(data[i], i / width, i % width); });
#else
  auto const blocks = divide_up(width, kBlock);
  Kokkos::parallel_for(label, Policy(0, activations.extent(0) * blocks), [&](std::uint64_t i) {
    auto const token = i / blocks;
    auto const begin = i % blocks * kBlock;
    auto const end = std::min(begin + kBlock, width);
    for (auto position = begin; position < end; ++position) {
      auto& number = data[token * width + position];
      number = change(number, token, position);
    }
  });
#endif
}

}  // namespace

void add_nodes(float* arrays, std::uint64_t size, std::vector<Addition> const& additions) {
  auto const count = additions.size();
  if (count == 0 || size == 0) return;
#if defined(KOKKOS_ENABLE_CUDA)
  auto const steps = in_shard_space(additions, "distload::additions");
  Kokkos::parallel_for(
      "distload::add_nodes", Policy(0, size), KOKKOS_LAMBDA(std::uint64_t i) {
        for (std::size_t step = 0; step < count; ++step) {
          arrays[steps(step).to * size + i] += arrays[steps(step).from * size + i];
        }
      });
#else
  Kokkos::parallel_for("distload::add_nodes", Policy(0, divide_up(size, kBlock)), [&](std::uint64_t block) {
    auto const begin = block * kBlock;
    auto const end = std::min(begin + kBlock, size);
    for (auto const& addition : additions) {
      auto* const to = arrays + addition.to * size;
      auto const* const from = arrays + addition.from * size;
      for (auto i = begin; i < end; ++i) to[i] += from[i];
    }
  });
#endif
}

void add(Activations const& x, ConstActivations const& y) {
  auto const* const added = y.data();
  auto const width = x.extent(1);
  change_each(
      "distload::add", x,
      KOKKOS_LAMBDA(float value, std::uint64_t token, std::uint64_t i) { return value + added[token * width + i]; });
}

void add_to_each_token(Activations const& x, Numbers const& numbers) {
  change_each(
      "distload::add_to_each_token", x,
      KOKKOS_LAMBDA(float value, std::uint64_t, std::uint64_t i) { return value + numbers(i); });
}

void scale(Activations const& x, float factor) {
  change_each(
      "distload::scale", x, KOKKOS_LAMBDA(float value, std::uint64_t, std::uint64_t) { return value * factor; });
}

void apply_soft_cap(Activations const& x, float cap) {
  change_each(
      "distload::apply_soft_cap", x,
      KOKKOS_LAMBDA(float value, std::uint64_t, std::uint64_t) { return cap * Kokkos::tanh(value / cap); });
}

void apply(ActivationFunction function, Activations const& x) {
  change_each(
      "distload::apply", x,
      KOKKOS_LAMBDA(float value, std::uint64_t, std::uint64_t) { return value_of(function, value); });
}

void apply_gate(ActivationFunction function, ConstActivations const& gate, Activations const& x) {
  auto const* const gates = gate.data();
  auto const width = x.extent(1);
  change_each(
      "distload::apply_gate", x, KOKKOS_LAMBDA(float value, std::uint64_t token, std::uint64_t i) {
        return value_of(function, gates[token * width + i]) * value;
      });
}

void apply_sigmoid_gate(ConstActivations const& gate, Activations const& x) {
  auto const* const gates = gate.data();
  change_each(
      "distload::apply_sigmoid_gate", x,
      KOKKOS_LAMBDA(float value, std::uint64_t token, std::uint64_t) { return value * sigmoid(gates[token]); });
}

}  // namespace distload
