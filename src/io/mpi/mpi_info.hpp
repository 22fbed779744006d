/// MpiInfo: hints as an MPI_Info.
#pragma once

#include <mpi.h>

#include "io/engines/hints.hpp"

namespace distload {

/// Owns an MPI_Info. Neither copyable nor movable.
class MpiInfo {
 public:
  /// @throws ConfigError  a name or value is empty or longer than MPI allows.
  explicit MpiInfo(Hints const& hints);
  ~MpiInfo();
  MpiInfo(MpiInfo const&) = delete;
  MpiInfo& operator=(MpiInfo const&) = delete;

  MPI_Info native() const noexcept { return info_; }

 private:
  MPI_Info info_ = MPI_INFO_NULL;
};

}  // namespace distload
