// Frequencies as transformers computes them (modeling_rope_utils.py), and the rotation.
#include <distload/layers/rotary.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <distload/base/error.hpp>

namespace distload {
namespace {

using Scaling = RotaryOptions::Scaling;

/// Frequencies of short wavelengths are kept, of long ones divided by the factor, and those between are interpolated.
void scale_as_llama3(RotaryOptions const& options, std::vector<float>& frequencies) {
  auto const longest_kept = options.original_positions / options.high_frequency_factor;
  auto const shortest_scaled = options.original_positions / options.low_frequency_factor;
  for (auto& frequency : frequencies) {
    auto const wavelength = 2 * std::numbers::pi / static_cast<double>(frequency);
    if (wavelength < longest_kept) continue;
    auto const scaled = static_cast<double>(frequency) / options.factor;
    if (wavelength > shortest_scaled) {
      frequency = static_cast<float>(scaled);
      continue;
    }
    auto const smooth = (options.original_positions / wavelength - options.low_frequency_factor) /
                        (options.high_frequency_factor - options.low_frequency_factor);
    frequency = static_cast<float>((1 - smooth) * scaled + smooth * static_cast<double>(frequency));
  }
}

/// The dimension whose wavelength fits `rotations` times into the original positions.
double dimension_of(RotaryOptions const& options, double rotations) {
  return options.dim * std::log(options.original_positions / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(options.base));
}

void scale_as_yarn(RotaryOptions const& options, std::vector<float>& frequencies) {
  auto low = dimension_of(options, options.beta_fast);
  auto high = dimension_of(options, options.beta_slow);
  if (options.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(options.dim) - 1);
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    auto const ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    auto const kept = static_cast<double>(frequencies[i]);
    frequencies[i] = static_cast<float>(kept / options.factor * ramp + kept * (1 - ramp));
  }
}

void scale_as_longrope(RotaryOptions const& options, std::uint64_t positions, std::vector<float>& frequencies) {
  auto const is_long = static_cast<double>(positions) > options.original_positions;
  auto const& factors = is_long ? options.long_factors : options.short_factors;
  if (factors.size() != frequencies.size()) {
    throw ConfigError("longrope has " + std::to_string(factors.size()) + " factors for " +
                      std::to_string(frequencies.size()) + " frequencies");
  }
  for (std::size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= factors[i];
}

}  // namespace

std::vector<float> rotary_frequencies(RotaryOptions const& options, std::uint64_t positions) {
  if (options.dim == 0 || options.dim % 2 != 0) {
    throw ConfigError("rotary positions rotate pairs, but a head has " + std::to_string(options.dim) +
                      " numbers to rotate");
  }
  std::vector<float> frequencies;
  for (std::uint32_t i = 0; i < options.dim; i += 2) {
    auto const exponent = static_cast<float>(i) / static_cast<float>(options.dim);
    frequencies.push_back(1.0F / std::pow(static_cast<float>(options.base), exponent));
  }
  switch (options.scaling) {
    case Scaling::none: break;
    case Scaling::linear:
      for (auto& frequency : frequencies) frequency /= static_cast<float>(options.factor);
      break;
    case Scaling::llama3: scale_as_llama3(options, frequencies); break;
    case Scaling::yarn: scale_as_yarn(options, frequencies); break;
    case Scaling::longrope: scale_as_longrope(options, positions, frequencies); break;
  }
  return frequencies;
}

RotaryPositions::RotaryPositions(RotaryOptions options) : options_(std::move(options)) {
  rotary_frequencies(options_, 1);
}

void RotaryPositions::prepare(std::uint64_t positions) {
  auto const is_long =
      options_.scaling == Scaling::longrope && static_cast<double>(positions) > options_.original_positions;
  if (positions <= cos_.extent(0) && is_long == is_long_) return;
  is_long_ = is_long;
  auto const frequencies = rotary_frequencies(options_, positions);
  using Table = Kokkos::View<float**, Kokkos::LayoutRight, ShardSpace>;
  auto const has = std::uint64_t{cos_.extent(0)};
  auto const rows = positions <= has ? has : std::max(positions, 2 * has);
  cos_ = Table("distload::cos", rows, frequencies.size());
  sin_ = Table("distload::sin", rows, frequencies.size());
  auto const cos = Kokkos::create_mirror_view(cos_);
  auto const sin = Kokkos::create_mirror_view(sin_);
  auto const factor = static_cast<float>(options_.attention_factor);
  for (std::uint64_t position = 0; position < rows; ++position) {
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
      auto const angle = static_cast<float>(position) * frequencies[i];
      cos(position, i) = std::cos(angle) * factor;
      sin(position, i) = std::sin(angle) * factor;
    }
  }
  Kokkos::deep_copy(cos_, cos);
  Kokkos::deep_copy(sin_, sin);
}

void RotaryPositions::rotate(Activations const& x, std::uint64_t head_dim, std::uint64_t tokens_per_sequence,
                             std::uint64_t past) {
  prepare(past + tokens_per_sequence);
  auto const half = options_.dim / 2;
  auto const step = options_.interleaved ? 2U : 1U;
  auto const distance = options_.interleaved ? 1U : half;
  auto const first = options_.first;
  auto const heads = x.extent(1) / head_dim;
  auto const cos = cos_;
  auto const sin = sin_;
  Kokkos::parallel_for(
      "distload::rotate", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, x.extent(0) * heads),
      KOKKOS_LAMBDA(std::size_t index) {
        auto const token = index / heads;
        auto const position = past + token % tokens_per_sequence;
        auto* const numbers = &x(token, index % heads * head_dim + first);
        for (std::uint32_t i = 0; i < half; ++i) {
          auto& a = numbers[i * step];
          auto& b = numbers[i * step + distance];
          auto const rotated = a * cos(position, i) - b * sin(position, i);
          b = b * cos(position, i) + a * sin(position, i);
          a = rotated;
        }
      });
}

}  // namespace distload
