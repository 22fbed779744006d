// The main function of single-process tests that use Kokkos.
#include <gmock/gmock.h>

#include "support/kokkos_scope.hpp"

int main(int argc, char** argv) {
  distload::testing::KokkosScope const kokkos(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
