// One thread for each row.
#include "layers/kernels/norm_kernel.hpp"

#include "layers/kernels/lane_sum.hpp"

namespace distload {

void normalize(NormOptions const& options, Numbers const& weight, Numbers const& bias, ConstActivations const& x,
               Activations const& y) {
  auto const width = x.extent(1);
  auto const is_layer_norm = options.kind == NormOptions::Kind::layer;
  auto const epsilon = options.epsilon;
  auto const offset = options.weight_offset;
  Kokkos::parallel_for(
      "distload::normalize", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, x.extent(0)),
      KOKKOS_LAMBDA(std::size_t token) {
        auto const* const row = &x(token, 0);
        auto* const result = &y(token, 0);
        auto const count = static_cast<float>(width);
        auto const mean = is_layer_norm ? lane_sum(width, [&](std::uint64_t i) { return row[i]; }) / count : 0.0F;
        auto const squares = lane_sum(width, [&](std::uint64_t i) { return (row[i] - mean) * (row[i] - mean); });
        auto const factor = 1.0F / Kokkos::sqrt(squares / count + epsilon);
        for (std::uint64_t i = 0; i < width; ++i) {
          auto const normalized = (row[i] - mean) * factor * (weight(i) + offset);
          result[i] = bias.empty() ? normalized : normalized + bias(i);
        }
      });
}

}  // namespace distload
