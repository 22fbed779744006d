// Initialises and finalises Kokkos around the tests.
#include "support/kokkos_scope.hpp"

#include <Kokkos_Core.hpp>

#include "device/survey.hpp"

namespace distload::testing {

KokkosScope::KokkosScope(int& argc, char** argv) {
  if (is_built_for_devices()) why_not_started_ = survey_devices().why_none;
  if (is_built_for_devices() && why_not_started_.empty()) why_not_started_ = why_device_unusable(0).value_or("");
  if (why_not_started_.empty()) Kokkos::initialize(argc, argv);
}

KokkosScope::~KokkosScope() {
  if (why_not_started_.empty()) Kokkos::finalize();
}

}  // namespace distload::testing
