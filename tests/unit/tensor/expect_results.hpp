/// expect_results: runs a kernel on a list of tests and compares their destinations.
#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "tensor/kernels/copy_kernel.hpp"

namespace distload::testing {

/// Calls `enqueue`, which is `enqueue_casts` or `enqueue_transposes`, with all of `tests`, and compares the destination
/// of each with its expected bytes.
template <class Test, class Enqueue>
void expect_results(std::vector<Test>& tests, Enqueue const& enqueue) {
  std::vector<BoundCast> casts;
  for (auto& test : tests) casts.push_back(test.bound());

  Kokkos::DefaultExecutionSpace const space;
  OverflowCount const overflows("overflows");
  enqueue(space, casts, overflows, "test");
  space.fence();

  for (std::size_t i = 0; i < tests.size(); ++i) ASSERT_EQ(tests[i].to->on_host(), tests[i].expected) << i;
}

}  // namespace distload::testing
