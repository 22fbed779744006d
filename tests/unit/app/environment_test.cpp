// Variables that Kokkos would end the process over.
#include "app/environment.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

std::string refusal(std::string const& name, std::string const& value) {
  try {
    check_kokkos_variables([&](char const* asked) { return asked == name ? value.c_str() : nullptr; });
  } catch (ConfigError const& error) {
    return error.what();
  }
  return "";
}

TEST(KokkosVariables, AreTakenAsKokkosTakesThem) {
  for (auto const* const number : {"0", "7"}) EXPECT_EQ(refusal("KOKKOS_DEVICE_ID", number), "");
  for (auto const* const way : {"random", "mpi_rank"}) EXPECT_EQ(refusal("KOKKOS_MAP_DEVICE_ID_BY", way), "");
  for (auto const* const value : {"yes", "TRUE", "1", "no", "False", "0"})
    EXPECT_EQ(refusal("KOKKOS_PRINT_CONFIGURATION", value), "");
  EXPECT_EQ(refusal("KOKKOS_OF_TOMORROW", "anything"), "");
}

TEST(KokkosVariables, AreRefusedByName) {
  for (auto const* const number : {"", "-1", "one", "1.5", "99999999999"}) {
    EXPECT_EQ(refusal("KOKKOS_DEVICE_ID", number), "environment variable KOKKOS_DEVICE_ID: '" + std::string(number) +
                                                       "' is not the number of a device, from 0 on");
  }
  EXPECT_EQ(refusal("KOKKOS_MAP_DEVICE_ID_BY", "rank"),
            "environment variable KOKKOS_MAP_DEVICE_ID_BY: 'rank' is not random or mpi_rank");
  for (auto const* const name : {"KOKKOS_DISABLE_WARNINGS", "KOKKOS_PRINT_CONFIGURATION", "KOKKOS_TUNE_INTERNALS"}) {
    EXPECT_EQ(refusal(name, "2"),
              "environment variable " + std::string(name) + ": '2' is not yes, true, 1, no, false or 0");
  }
}

}  // namespace
}  // namespace distload
