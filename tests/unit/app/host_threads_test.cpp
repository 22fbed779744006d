// Threads by configuration and environment.
#include "app/host_threads.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include <distload/base/error.hpp>

namespace distload {
namespace {

using Variables = std::map<std::string, std::string>;

std::optional<std::uint32_t> threads(Variables const& variables, std::optional<std::uint32_t> configured = {}) {
  return host_threads(configured, [&](char const* name) {
    auto const found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(HostThreads, AreWhatIsSaidFirst) {
  EXPECT_EQ(threads({}), std::nullopt);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "512"}}), 512U);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", " 4 , 2"}}), 4U);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", ""}, {"KOKKOS_NUM_THREADS", ""}}), std::nullopt);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "4"}, {"KOKKOS_NUM_THREADS", "3"}}), 3U);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "4"}, {"KOKKOS_NUM_THREADS", "3"}}, 2), 2U);
}

TEST(HostThreads, RefuseWhatOpenMPAndKokkosWouldEndTheProcessOver) {
  for (auto const* const variable : {"OMP_NUM_THREADS", "KOKKOS_NUM_THREADS"}) {
    for (auto const* const value :
         {"0", "-1", "abc", "4x", "513", "600", "100000", "99999999999999999999", "4,", "1.5"}) {
      for (auto const configured : {std::optional<std::uint32_t>(), std::optional<std::uint32_t>(1)}) {
        try {
          threads({{variable, value}}, configured);
          ADD_FAILURE() << variable << "=" << value;
        } catch (ConfigError const& error) {
          std::string const expected =
              std::string("environment variable ") + variable + ": '" + value + "' is not a whole number from 1 to 512";
          EXPECT_EQ(std::string(error.what()).substr(0, expected.size()), expected);
        }
      }
    }
  }
}

}  // namespace
}  // namespace distload
