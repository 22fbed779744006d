// Parsing and printing of byte counts.
#include <distload/base/bytes.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace distload {
namespace {

struct Unit {
  std::string_view name;
  Bytes factor;
};

constexpr std::array<Unit, 13> kUnits{{{"", 1},
                                       {"B", 1},
                                       {"KiB", kKiB},
                                       {"MiB", kMiB},
                                       {"GiB", kGiB},
                                       {"TiB", kTiB},
                                       {"kB", 1000},
                                       {"KB", 1000},
                                       {"MB", 1000 * 1000},
                                       {"GB", 1000 * 1000 * 1000},
                                       {"TB", 1'000'000'000'000},
                                       {"k", 1000},
                                       {"bytes", 1}}};

std::string_view trim(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
  text = trim(text);
  auto const digits_end = text.find_first_not_of("0123456789.");
  auto const number = text.substr(0, digits_end);
  auto const unit_name = digits_end == std::string_view::npos ? std::string_view{} : trim(text.substr(digits_end));
  if (number.empty()) return std::nullopt;

  std::optional<Bytes> factor;
  for (auto const& unit : kUnits) {
    if (unit.name == unit_name) factor = unit.factor;
  }
  if (!factor) return std::nullopt;

  auto const* const begin = number.data();
  auto const* const end = begin + number.size();
  if (number.find('.') == std::string_view::npos) {
    std::uint64_t value = 0;
    auto const [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return checked_multiply(value, *factor);
  }
  double value = 0;
  auto const [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  double const bytes = value * static_cast<double>(*factor);
  if (!(bytes < 18446744073709551616.0)) return std::nullopt;
  return static_cast<Bytes>(std::llround(std::min(bytes, 9.2e18)));
}

std::string format_bytes(Bytes bytes) {
  static constexpr std::array<char const*, 7> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  bool const whole = value == std::floor(value);
  std::snprintf(text.data(), text.size(), whole ? "%.0f %s" : "%.2f %s", value, kNames[unit]);
  return text.data();
}

std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

}  // namespace distload
