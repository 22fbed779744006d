/// Initialises Kokkos for a scope without including its headers, which cost each main function many seconds under nvcc.
#pragma once

#include <string>

namespace distload::testing {

class KokkosScope {
 public:
  KokkosScope(int& argc, char** argv);
  ~KokkosScope();
  KokkosScope(KokkosScope const&) = delete;
  KokkosScope& operator=(KokkosScope const&) = delete;

  /// Why Kokkos was not started, and no test can run; empty if it was. In a CUDA build Kokkos would end the process if
  /// there is no device that it can use.
  std::string const& why_not_started() const noexcept { return why_not_started_; }

 private:
  std::string why_not_started_;
};

}  // namespace distload::testing
