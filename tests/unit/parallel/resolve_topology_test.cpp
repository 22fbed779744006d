// What `auto` means for a job of so many ranks.
#include <distload/parallel/resolve_topology.hpp>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

using Auto = std::optional<std::uint32_t>;
constexpr Auto kAuto = std::nullopt;

TEST(ResolveTopology, FillsInWhatIsLeft) {
  struct Case {
    Auto tensor;
    std::uint32_t pipeline;
    Auto data;
    std::uint32_t ranks;
    Topology expected;
  };
  for (auto const& [tensor, pipeline, data, ranks, expected] : std::vector<Case>{
           {kAuto, 1, kAuto, 4, {4, 1, 1}},
           {2, 1, kAuto, 4, {2, 1, 2}},
           {2, 2, kAuto, 8, {2, 2, 2}},
           {kAuto, 2, 2, 8, {2, 2, 2}},
           {kAuto, 2, kAuto, 8, {4, 2, 1}},
           {2, 2, 2, 8, {2, 2, 2}},
           {kAuto, 1, kAuto, 1, {1, 1, 1}},
       }) {
    EXPECT_EQ(resolve_topology(tensor, pipeline, data, ranks), expected);
  }
}

TEST(ResolveTopology, RefusesZero) {
  EXPECT_THROW(resolve_topology(kAuto, 0, kAuto, 4), ConfigError);
  EXPECT_THROW(resolve_topology(0, 1, kAuto, 4), ConfigError);
  EXPECT_THROW(resolve_topology(4, 1, 1, 4, 0), ConfigError);
}

TEST(ResolveTopology, RefusesWhatDoesNotMultiply) {
  try {
    resolve_topology(4, 1, 1, 3);
    FAIL();
  } catch (ConfigError const& error) {
    EXPECT_STREQ(error.what(),
                 "the job has 3 ranks, but topology is tensor_parallel 4 x pipeline_parallel 1 x data_parallel 1; "
                 "start it with mpirun -np 4");
  }
  EXPECT_THROW(resolve_topology(4, 1, kAuto, 3), ConfigError);
  EXPECT_THROW(resolve_topology(kAuto, 3, kAuto, 4), ConfigError);
  EXPECT_THROW(resolve_topology(4294967295U, 4294967295U, 4294967295U, 4), ConfigError);
}

}  // namespace
}  // namespace distload
