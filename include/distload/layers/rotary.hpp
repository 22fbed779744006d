/// RotaryOptions and RotaryPositions: rotary position embeddings.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/layers/activations.hpp>

namespace distload {

/// Which numbers of a head are rotated, and by which angles.
struct RotaryOptions {
  /// How the frequencies are changed for long contexts; the names and the parameters are those of transformers.
  enum class Scaling : std::uint8_t { none, linear, llama3, yarn, longrope };

  std::uint32_t dim = 0;                  ///< numbers of a head that are rotated; even
  std::uint32_t first = 0;                ///< of them, in the head
  double base = 10000;                    ///< rope_theta
  bool interleaved = false;               ///< pairs are (2i, 2i + 1) instead of (i, i + dim / 2)
  Scaling scaling = Scaling::none;        ///< of frequencies
  double factor = 1;                      ///< linear, llama3, yarn
  double low_frequency_factor = 1;        ///< llama3
  double high_frequency_factor = 4;       ///< llama3
  double original_positions = 0;          ///< llama3, yarn, longrope: before the extension
  double beta_fast = 32;                  ///< yarn
  double beta_slow = 1;                   ///< yarn
  bool truncate = true;                   ///< yarn: its range of dimensions is made of whole numbers
  double attention_factor = 1;            ///< factor of cosine and sine
  std::vector<float> short_factors = {};  ///< longrope: up to `original_positions`
  std::vector<float> long_factors = {};   ///< longrope: beyond

  friend bool operator==(RotaryOptions const&, RotaryOptions const&) = default;
};

/// The angles of each pair at position 1, in radians, for a text of `positions` positions: dim / 2 numbers.
/// @throws ConfigError  `dim` is odd, or factors of longrope are missing.
std::vector<float> rotary_frequencies(RotaryOptions const& options, std::uint64_t positions);

/// Tables of cosines and sines, which grow as needed. Not used by two threads at a time.
class RotaryPositions {
 public:
  /// Local. @throws ConfigError  as rotary_frequencies.
  explicit RotaryPositions(RotaryOptions options);

  /// Local: rotates `x` [tokens, heads * head_dim] in place. Row t is at position `past` + t % `tokens_per_sequence`.
  void rotate(Activations const& x, std::uint64_t head_dim, std::uint64_t tokens_per_sequence, std::uint64_t past);

  /// What it was made of.
  RotaryOptions const& options() const noexcept { return options_; }

 private:
  void prepare(std::uint64_t positions);

  RotaryOptions options_;
  bool is_long_ = false;                                        ///< of longrope
  Kokkos::View<float**, Kokkos::LayoutRight, ShardSpace> cos_;  ///< [positions, dim / 2]
  Kokkos::View<float**, Kokkos::LayoutRight, ShardSpace> sin_;  ///< likewise
};

}  // namespace distload
