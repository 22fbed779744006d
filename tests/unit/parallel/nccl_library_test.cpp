/// Which library is taken for NCCL, and which is refused.
#include "parallel/nccl_library.hpp"

#include <cstdlib>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "parallel/nccl_functions.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal_of(char const* library) {
  setenv(kNcclLibraryVariable, library, 1);
  return thrown_message<CommunicationError>([] { nccl(); });
}

// The tests are in this order because a library that has been accepted stays.
TEST(NcclLibrary, RefusesWhatIsNotThere) {
  auto const message = refusal_of("/nowhere/libnccl.so.2");
  EXPECT_THAT(message, StartsWith("NCCL is not found: /nowhere/libnccl.so.2: cannot open shared object file"));
  EXPECT_THAT(message, HasSubstr("DISTLOAD_NCCL_LIBRARY"));
  EXPECT_EQ(describe_nccl(), message);
}

TEST(NcclLibrary, RefusesOtherLibraries) {
  EXPECT_THAT(refusal_of("libm.so.6"), HasSubstr("is not NCCL: it has no ncclGetVersion"));
}

TEST(NcclLibrary, RefusesAnOldVersion) {
  setenv("NCCL_DOUBLE_VERSION", "21705", 1);
  EXPECT_THAT(refusal_of(std::getenv("NCCL_DOUBLE")), HasSubstr("NCCL 2.17.5 ("));
  EXPECT_THAT(refusal_of(std::getenv("NCCL_DOUBLE")), HasSubstr("is too old: NCCL 2.18.1 or newer is needed"));
  unsetenv("NCCL_DOUBLE_VERSION");
}

TEST(NcclLibrary, TakesTheOneThatTheVariableNames) {
  EXPECT_EQ(refusal_of(std::getenv("NCCL_DOUBLE")), "");
  EXPECT_EQ(nccl().version, NCCL_VERSION_CODE);
  EXPECT_THAT(describe_nccl(), HasSubstr("libdistload_nccl_double.so)"));
}

}  // namespace
}  // namespace distload
