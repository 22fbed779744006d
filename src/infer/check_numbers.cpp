// Counts numbers that are not finite.
#include <cstdint>
#include <string>

#include <distload/base/error.hpp>
#include <distload/infer/parallel_model.hpp>

#include "base/text.hpp"
#include "tensor/kernels/convert.hpp"

namespace distload {
namespace {

/// Numbers of `shard` whose bits `is_finite` refuses.
template <class Number, class IsFinite>
std::uint64_t count_others(ShardBytes const& bytes, IsFinite const& is_finite) {
  auto const* const numbers = reinterpret_cast<Number const*>(bytes.data());
  std::uint64_t count = 0;
  Kokkos::parallel_reduce(
      "distload::check_numbers", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, bytes.size() / sizeof(Number)),
      KOKKOS_LAMBDA(std::size_t i, std::uint64_t & found) { found += is_finite(numbers[i]) ? 0U : 1U; }, count);
  return count;
}

std::uint64_t count_not_finite(ShardedModel const& model, Shard const& shard) {
  auto const bytes = model.bytes(shard);
  switch (shard.dtype) {
    case DType::f32:
      return count_others<convert::F32>(
          bytes, KOKKOS_LAMBDA(convert::F32 x) { return convert::is_finite(x); });
    case DType::bf16:
      return count_others<convert::BF16>(
          bytes, KOKKOS_LAMBDA(convert::BF16 x) { return convert::is_finite(x); });
    case DType::f16:
      return count_others<convert::F16>(
          bytes, KOKKOS_LAMBDA(convert::F16 x) { return convert::is_finite(x); });
    case DType::f8_e4m3:
      return count_others<std::uint8_t>(
          bytes, KOKKOS_LAMBDA(std::uint8_t x) { return (x & 0x7FU) != 0x7FU; });
    case DType::f8_e5m2:
      return count_others<std::uint8_t>(
          bytes, KOKKOS_LAMBDA(std::uint8_t x) { return (x & 0x7CU) != 0x7CU; });
    default: return 0;
  }
}

}  // namespace

void check_numbers(ShardedModel const& model) {
  for (auto const& shard : model.shards()) {
    auto const count = count_not_finite(model, shard);
    if (count == 0) continue;
    throw CorruptData("'" + printable(shard.name) + "' has " + std::to_string(count) +
                      " numbers that are NaN or infinite on this rank");
  }
}

}  // namespace distload
