// The names that transformers gives to activation functions.
#include <distload/layers/activation_function.hpp>

#include <array>
#include <utility>

namespace distload {

std::optional<ActivationFunction> activation_function_of(std::string_view name) noexcept {
  using enum ActivationFunction;
  constexpr std::array<std::pair<std::string_view, ActivationFunction>, 14> kNames{{
      {"silu", silu},
      {"swish", silu},
      {"gelu", gelu},
      {"gelu_python", gelu},
      {"gelu_new", gelu_tanh},
      {"gelu_fast", gelu_tanh},
      {"gelu_pytorch_tanh", gelu_tanh},
      {"gelu_python_tanh", gelu_tanh},
      {"quick_gelu", quick_gelu},
      {"relu", relu},
      {"relu2", relu2},
      {"tanh", tanh},
      {"linear", identity},
      {"gelu_accurate", gelu_tanh},
  }};
  for (auto const& [known, function] : kNames) {
    if (known == name) return function;
  }
  return std::nullopt;
}

}  // namespace distload
