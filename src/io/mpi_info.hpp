/// MpiInfo: hints for MPI-IO ("romio_cb_read", "striping_factor", ...) as MPI wants them.
#pragma once

#include <map>
#include <string>

#include <mpi.h>

namespace distload {

/// Key and value; what MPI does not know it ignores.
using Hints = std::map<std::string, std::string>;

/// Owns an MPI_Info. Neither copied nor moved.
class MpiInfo {
 public:
  /// @throws CommunicationError  a key or value is longer than MPI allows.
  explicit MpiInfo(Hints const& hints);
  ~MpiInfo();
  MpiInfo(MpiInfo const&) = delete;
  MpiInfo& operator=(MpiInfo const&) = delete;

  MPI_Info native() const noexcept { return info_; }

 private:
  MPI_Info info_ = MPI_INFO_NULL;
};

}  // namespace distload
