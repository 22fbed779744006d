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

/// Checks the variables that Kokkos reads when it is initialized, all but KOKKOS_NUM_THREADS (host_threads). Values are
/// those that Kokkos 4.7 takes (Kokkos_Core.cpp, parse_environment_variables).
/// @throws ConfigError  for the first that Kokkos would end the process over; names it.
void check_kokkos_variables(Environment const& environment);

}  // namespace distload
