/// Byte counts: the type, parsing of "64 MiB", printing, and arithmetic that refuses to overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distload {

/// A count or an offset in bytes.
using Bytes = std::uint64_t;

inline constexpr Bytes kKiB = Bytes{1} << 10U;  ///< 1024 bytes
inline constexpr Bytes kMiB = Bytes{1} << 20U;  ///< 1024 KiB
inline constexpr Bytes kGiB = Bytes{1} << 30U;  ///< 1024 MiB
inline constexpr Bytes kTiB = Bytes{1} << 40U;  ///< 1024 GiB

/// Parses "64 MiB", "1.5GB", "4096" (bytes). Units: B, KiB..TiB (powers of 1024), kB/KB..TB (powers of 1000).
/// @returns nothing if the text is not a size, is negative, or exceeds 64 bits.
std::optional<Bytes> parse_bytes(std::string_view text);

/// Prints with a binary unit and at most two decimals: "64 MiB", "1.50 GiB", "17 B".
std::string format_bytes(Bytes bytes);

/// a * b, or nothing if it exceeds 64 bits.
std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) noexcept;

/// a + b, or nothing if it exceeds 64 bits.
std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) noexcept;

/// value / size, rounded up. Precondition: size > 0.
constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t size) noexcept {
  return (value + size - 1) / size;
}

/// The smallest multiple of `alignment` that is at least `value`. Precondition: alignment > 0.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) noexcept {
  return divide_up(value, alignment) * alignment;
}

/// The largest multiple of `alignment` that is at most `value`. Precondition: alignment > 0.
constexpr std::uint64_t round_down(std::uint64_t value, std::uint64_t alignment) noexcept {
  return value - value % alignment;
}

}  // namespace distload
