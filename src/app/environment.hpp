/// Variables of the environment that libraries read, checked before a library ends the process over them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace distload {

/// The value of an environment variable, or nullptr, as std::getenv.
using Environment = std::function<char const*(char const* name)>;

/// @throws ConfigError  "environment variable NAME: 'text' is not `expected`"
[[noreturn]] void throw_bad_variable(char const* name, std::string_view text, std::string const& expected);

/// Checks the variables that Kokkos reads when it is initialized, all but KOKKOS_NUM_THREADS (host_threads), as
/// Kokkos 4.7 takes them (Kokkos_Core.cpp, parse_environment_variables); of a device's number Kokkos would take the
/// digits at the beginning, here all of it must be digits.
/// @throws ConfigError  for the first that is wrong; names it. Kokkos would end the process.
void check_kokkos_variables(Environment const& environment);

}  // namespace distload
