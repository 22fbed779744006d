// What --version tells.
#include "app/version_text.hpp"

#include <gtest/gtest.h>

#include <distload/version.hpp>

namespace distload {
namespace {

TEST(VersionText, NamesEveryLibraryOnItsLine) {
  auto const text = version_text();
  for (auto const* part : {"distload  " DISTLOAD_VERSION "\n", "MPI       ", "io component ", "HDF5      ",
                           "(parallel)", "Kokkos    ", "CUDA      ", "NCCL      "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

}  // namespace
}  // namespace distload
