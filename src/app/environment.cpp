// Checks values as Kokkos parses them.
#include "app/environment.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <strings.h>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

bool is_switch(char const* value) {
  constexpr std::array kSwitches{"yes", "true", "1", "no", "false", "0"};
  return std::ranges::any_of(kSwitches, [value](char const* known) { return strcasecmp(value, known) == 0; });
}

bool is_device_number(std::string_view value) {
  int number = 0;
  auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end == value.data() + value.size() && number >= 0;
}

bool is_device_mapping(std::string_view value) { return value == "random" || value == "mpi_rank"; }

}  // namespace

void throw_bad_variable(char const* name, std::string_view text, std::string const& expected) {
  throw ConfigError("environment variable " + std::string(name) + ": '" + printable(text) + "' is not " + expected);
}

void check_kokkos_variables(Environment const& environment) {
  auto const check = [&](char const* name, auto const& is_right, char const* expected) {
    auto const* const value = environment(name);
    if (value != nullptr && !is_right(value)) throw_bad_variable(name, value, expected);
  };
  check("KOKKOS_DEVICE_ID", is_device_number, "the number of a device, from 0 on");
  check("KOKKOS_MAP_DEVICE_ID_BY", is_device_mapping, "random or mpi_rank");
  for (auto const* const name : {"KOKKOS_DISABLE_WARNINGS", "KOKKOS_PRINT_CONFIGURATION", "KOKKOS_TUNE_INTERNALS"})
    check(name, is_switch, "yes, true, 1, no, false or 0");
}

}  // namespace distload
