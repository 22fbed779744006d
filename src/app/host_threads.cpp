// Checks environment variables before OpenMP and Kokkos use them.
#include "app/host_threads.hpp"

#include <charconv>
#include <string>
#include <string_view>

#include <distload/config/config.hpp>

namespace distload {
namespace {

std::string_view trimmed(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > kMaxHostThreads) return {};
  return number;
}

std::optional<std::uint32_t> from_kokkos(Environment const& environment) {
  constexpr char const* kVariable = "KOKKOS_NUM_THREADS";
  auto const* const value = environment(kVariable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  auto const number = number_in(value);
  if (!number) throw_bad_variable(kVariable, value, "a whole number from 1 to " + std::to_string(kMaxHostThreads));
  return number;
}

/// OMP_NUM_THREADS is a list with a number for each nesting level of parallel regions; only the first level is used
/// here.
std::optional<std::uint32_t> from_openmp(Environment const& environment) {
  constexpr char const* kVariable = "OMP_NUM_THREADS";
  auto const* const value = environment(kVariable);
  if (value == nullptr || trimmed(value).empty()) return std::nullopt;
  std::optional<std::uint32_t> first;
  std::string_view rest = value;
  for (bool more = true; more;) {
    auto const comma = rest.find(',');
    more = comma != std::string_view::npos;
    auto const number = number_in(trimmed(rest.substr(0, comma)));
    if (!number) {
      throw_bad_variable(kVariable, value,
                         "a whole number from 1 to " + std::to_string(kMaxHostThreads) + ", or a list of them");
    }
    if (!first) first = number;
    if (more) rest.remove_prefix(comma + 1);
  }
  return first;
}

}  // namespace

std::optional<std::uint32_t> host_threads(std::optional<std::uint32_t> configured, Environment const& environment) {
  auto const of_kokkos = from_kokkos(environment);
  auto const of_openmp = from_openmp(environment);
  if (configured) return configured;
  return of_kokkos ? of_kokkos : of_openmp;
}

}  // namespace distload
