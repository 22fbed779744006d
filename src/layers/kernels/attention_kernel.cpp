// One thread for each query of a head.
#include "layers/kernels/attention_kernel.hpp"

#include "layers/kernels/lane_sum.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;

/// The softmax of scores that come one after the other, and the sum of values weighted by it: what has been added is
/// scaled down when a larger score comes.
class RunningSoftmax {
 public:
  KOKKOS_INLINE_FUNCTION RunningSoftmax(float* result, std::uint64_t width) : result_(result), width_(width) {
    for (std::uint64_t i = 0; i < width; ++i) result[i] = 0.0F;
  }

  /// @param value  nullptr: the score takes part in the softmax only
  KOKKOS_INLINE_FUNCTION void add(float score, float const* value) {
    if (is_empty_ || score > largest_) {
      auto const factor = is_empty_ ? 0.0F : Kokkos::exp(largest_ - score);
      sum_ *= factor;
      for (std::uint64_t i = 0; i < width_; ++i) result_[i] *= factor;
      largest_ = score;
      is_empty_ = false;
    }
    auto const weight = Kokkos::exp(score - largest_);
    sum_ += weight;
    if (value == nullptr) return;
    for (std::uint64_t i = 0; i < width_; ++i) result_[i] += weight * value[i];
  }

  KOKKOS_INLINE_FUNCTION void finish() {
    auto const factor = 1.0F / sum_;
    for (std::uint64_t i = 0; i < width_; ++i) result_[i] *= factor;
  }

 private:
  float* result_;
  std::uint64_t width_;
  float largest_ = 0;
  float sum_ = 0;
  bool is_empty_ = true;
};

KOKKOS_INLINE_FUNCTION float score_of(HeadOptions const& options, float product, float bias) {
  if (options.bias_before_scale) return (product + bias) * options.scale;
  auto const score = product * options.scale + bias;
  return options.soft_cap == 0.0F ? score : options.soft_cap * Kokkos::tanh(score / options.soft_cap);
}

KOKKOS_INLINE_FUNCTION float rounded_to_bf16(float x) {
  auto const narrow = convert::narrow_to_bf16({Kokkos::bit_cast<std::uint32_t>(x)});
  return Kokkos::bit_cast<float>(convert::widen(narrow).bits);
}

KOKKOS_INLINE_FUNCTION float bias_of(HeadOptions const& options, std::uint64_t head, std::uint64_t position) {
  if (options.slopes.extent(0) == 0) return 0.0F;
  auto const slope = options.slopes(head);
  auto const at = static_cast<float>(position);
  if (!options.bias_before_scale) return slope * at;
  // Falcon multiplies numbers of bf16.
  return rounded_to_bf16(rounded_to_bf16(slope) * rounded_to_bf16(at));
}

KOKKOS_INLINE_FUNCTION float bias_of_distance(DistanceBias const& bias, std::uint64_t head, std::uint64_t position,
                                              std::uint64_t other) {
  if (bias.table.empty()) return 0.0F;
  auto const is_behind = other > position;
  auto const distance = Kokkos::min(is_behind ? other - position : position - other, bias.max_distance);
  auto const bucket = bias.buckets(is_behind ? bias.max_distance + distance : bias.max_distance - distance);
  auto const row = bias.heads.extent(0) == 0 ? head : bias.heads(head);
  return bias.table(row * bias.head_stride + bucket * bias.bucket_stride);
}

}  // namespace

void attend(HeadOptions const& options, ConstActivations const& queries, KeyValueCache const& cache,
            Sequences const& sequences, Activations const& results) {
  auto const heads = options.key_heads.extent(0);
  if (heads == 0) return;
  auto const keys = cache.keys;
  auto const values = cache.values;
  auto const key_dim = keys.extent(3);
  auto const value_dim = values.extent(3);
  auto const tokens = sequences.tokens;
  auto const past = sequences.past;
  Kokkos::parallel_for(
      "distload::attend", Kokkos::RangePolicy<Space>(0, sequences.rows() * heads), KOKKOS_LAMBDA(std::size_t index) {
        auto const row = index / heads;
        auto const head = index % heads;
        auto const sequence = row / tokens;
        auto const position = past + row % tokens;
        auto const key_head = options.key_heads(head);
        auto const* const query = &queries(row, head * key_dim);
        auto const last = options.causal ? position + 1 : past + tokens;
        auto const end = options.sees_whole_cache ? keys.extent(2) : last;
        auto const begin = options.window > 0 && position + 1 > options.window ? position + 1 - options.window : 0;
        RunningSoftmax softmax(&results(row, head * value_dim), value_dim);
        if (!options.sinks.empty()) softmax.add(options.sinks(head), nullptr);
        for (auto other = begin; other < end; ++other) {
          auto const* const key = &keys(sequence, key_head, other, 0);
          auto const product = lane_sum(key_dim, [&](std::uint64_t i) { return query[i] * key[i]; });
          auto const bias =
              bias_of(options, head, other) + bias_of_distance(options.distance_bias, head, position, other);
          softmax.add(score_of(options, product, bias), &values(sequence, key_head, other, 0));
        }
        softmax.finish();
      });
}

void put_into_cache(ConstActivations const& x, Sequences const& sequences, KeyValueCache::Numbers const& cached) {
  auto const heads = cached.extent(1);
  auto const width = cached.extent(3);
  auto const tokens = sequences.tokens;
  auto const past = sequences.past;
  Kokkos::parallel_for(
      "distload::put_into_cache", Kokkos::RangePolicy<Space>(0, sequences.rows() * heads),
      KOKKOS_LAMBDA(std::size_t index) {
        auto const row = index / heads;
        auto const head = index % heads;
        for (std::uint64_t i = 0; i < width; ++i) {
          cached(row / tokens, head, past + row % tokens, i) = x(row, head * width + i);
        }
      });
}

}  // namespace distload
