/// Initialises Kokkos for a scope without including its headers, which cost each main function many seconds under nvcc.
#pragma once

namespace distload::testing {

class KokkosScope {
 public:
  KokkosScope(int& argc, char** argv);
  ~KokkosScope();
  KokkosScope(KokkosScope const&) = delete;
  KokkosScope& operator=(KokkosScope const&) = delete;
};

}  // namespace distload::testing
