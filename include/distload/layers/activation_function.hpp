/// ActivationFunction: the functions between the matrices of an MLP.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace distload {

/// A function of one number.
enum class ActivationFunction : std::uint8_t {
  silu,        ///< x sigmoid(x)
  gelu,        ///< x Phi(x), with the error function
  gelu_tanh,   ///< its approximation by tanh
  quick_gelu,  ///< x sigmoid(1.702 x)
  relu,        ///< max(x, 0)
  relu2,       ///< max(x, 0) squared
  tanh,
  identity,
};

/// The function that a config.json calls by that name ("silu", "gelu_new", "gelu_pytorch_tanh", ...); nothing if none.
std::optional<ActivationFunction> activation_function_of(std::string_view name) noexcept;

}  // namespace distload
