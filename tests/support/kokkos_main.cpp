/// The main function of tests of one process that use Kokkos.
#include <Kokkos_Core.hpp>
#include <gmock/gmock.h>

int main(int argc, char** argv) {
  Kokkos::ScopeGuard const kokkos(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
