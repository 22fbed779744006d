/// What exceptions become when ranks tell each other of them.
#include "parallel/failure.hpp"

#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/call_failure.hpp"

namespace distload {
namespace {

template <class Exception>
Failure failure_of(Exception const& exception) {
  try {
    throw exception;
  } catch (...) {
    return current_failure("read");
  }
}

TEST(CurrentFailure, KeepsCodeAndMessageOfOurErrors) {
  EXPECT_EQ(failure_of(CorruptData("bad")), (Failure{ExitCode::corrupt_data, "bad"}));
  EXPECT_EQ(failure_of(ConfigError("no")), (Failure{ExitCode::config, "no"}));
}

TEST(CurrentFailure, NamesThePhaseOfForeignOnes) {
  EXPECT_EQ(failure_of(std::bad_alloc()),
            (Failure{ExitCode::out_of_budget, "the system has no memory left in phase 'read'"}));
  EXPECT_EQ(failure_of(std::runtime_error("oops")),
            (Failure{ExitCode::internal, "unexpected error in phase 'read': oops"}));
  EXPECT_EQ(failure_of(42), (Failure{ExitCode::internal, "an exception of unknown type in phase 'read'"}));
}

TEST(DescribeCallFailure, KeepsCallTextAndPlace) {
  auto const text = detail::describe_call_failure("MPI_Bcast(data, 1)", "no way", {"some/where/file.cpp", 12});
  EXPECT_EQ(text, "MPI_Bcast failed: no way (file.cpp:12)");
}

}  // namespace
}  // namespace distload
