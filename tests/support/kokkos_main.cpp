// The main function of single-process tests that use Kokkos.
#include <gmock/gmock.h>

#include "support/kokkos_scope.hpp"
#include "support/skip_all.hpp"

int main(int argc, char** argv) {
  distload::testing::KokkosScope const kokkos(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  distload::testing::SkipAll::because(kokkos.why_not_started());
  return RUN_ALL_TESTS();
}
