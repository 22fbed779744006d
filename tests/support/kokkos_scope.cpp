// Initialises and finalises Kokkos around the tests.
#include "support/kokkos_scope.hpp"

#include <Kokkos_Core.hpp>

namespace distload::testing {

KokkosScope::KokkosScope(int& argc, char** argv) { Kokkos::initialize(argc, argv); }

KokkosScope::~KokkosScope() { Kokkos::finalize(); }

}  // namespace distload::testing
