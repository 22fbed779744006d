// A program with a class MPI::Comm of its own: distload::distload must keep the C++ bindings of MPI out of mpi.h.
#include <cstdio>

#include <mpi.h>

#include <distload/distload.hpp>

#if !defined(OMPI_SKIP_MPICXX) || !defined(MPICH_SKIP_MPICXX)
#error "distload::distload does not carry the definitions that keep the C++ bindings out of mpi.h"
#endif

namespace MPI {
class Comm {
 public:
  int size() const { return 1; }
};
}  // namespace MPI

int main() {
  std::printf("distload %s, %d rank\n", DISTLOAD_VERSION, MPI::Comm().size());
  return 0;
}
