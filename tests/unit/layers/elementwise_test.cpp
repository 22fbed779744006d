// Activation functions against their definitions, and sums of arrays.
#include "layers/kernels/elementwise.hpp"

#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "unit/layers/sigmoid.hpp"

namespace distload {
namespace {

using testing::sigmoid;

Activations numbers() {
  Activations const x("x", 3, 2000);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = (static_cast<float>(i) - 3000) / 500;
  return x;
}

void expect_function(ActivationFunction function, std::function<double(double)> const& expected) {
  auto const x = numbers();
  apply(function, x);
  auto const before = numbers();
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(x.data()[i], expected(static_cast<double>(before.data()[i])), 2e-6) << before.data()[i];
  }
}

TEST(ActivationFunctions, AreThoseOfTheirNames) {
  using enum ActivationFunction;
  expect_function(silu, [](double x) { return x * sigmoid(x); });
  expect_function(gelu, [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); });
  expect_function(gelu_tanh, [](double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
  });
  expect_function(quick_gelu, [](double x) { return x * sigmoid(1.702 * x); });
  expect_function(relu, [](double x) { return std::max(x, 0.0); });
  expect_function(relu2, [](double x) { return std::max(x, 0.0) * std::max(x, 0.0); });
  expect_function(ActivationFunction::tanh, [](double x) { return std::tanh(x); });
  expect_function(identity, [](double x) { return x; });
}

TEST(ActivationFunctions, HaveTheNamesOfTransformers) {
  EXPECT_EQ(activation_function_of("gelu_new"), ActivationFunction::gelu_tanh);
  EXPECT_EQ(activation_function_of("swish"), ActivationFunction::silu);
  EXPECT_FALSE(activation_function_of("mish"));
}

TEST(Gates, MultiplyTheFunctionOfTheGate) {
  auto const x = numbers();
  auto const gate = numbers();
  apply_gate(ActivationFunction::silu, gate, x);
  auto const before = numbers();
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const value = static_cast<double>(before.data()[i]);
    EXPECT_NEAR(x.data()[i], value * sigmoid(value) * value, 2e-5);
  }
}

TEST(AddNodes, AddsInOrder) {
  // (a + b) + c loses 1, a + (b + c) does not.
  std::vector<float> arrays{1e8F, 1e8F, -1e8F, -1e8F, 1, 1};
  add_nodes(arrays.data(), 2, {{0, 1}, {0, 2}});
  EXPECT_EQ(arrays[0], 1);
  arrays = {1e8F, 1e8F, -1e8F, -1e8F, 1, 1};
  add_nodes(arrays.data(), 2, {{1, 2}, {0, 1}});
  EXPECT_EQ(arrays[0], 0);
}

}  // namespace
}  // namespace distload
