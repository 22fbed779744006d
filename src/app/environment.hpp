/// Checks environment variables of libraries that end the process on invalid values.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace distload {

/// The value of an environment variable, or nullptr, as std::getenv.
using Environment = std::function<char const*(char const* name)>;

/// @throws ConfigError  "environment variable NAME: 'text' is not `expected`"
[[noreturn]] void throw_bad_variable(char const* name, std::string_view text, std::string const& expected);

/// Checks the variables that Kokkos reads at initialisation, except KOKKOS_NUM_THREADS (see host_threads), by the rules
/// of Kokkos 4.7 (Kokkos_Core.cpp, parse_environment_variables). Stricter for device numbers: Kokkos ignores characters
/// after the digits; here they are an error.
/// @throws ConfigError  names the first invalid variable. Kokkos would end the process.
void check_kokkos_variables(Environment const& environment);

}  // namespace distload
