/// The one form in which a failed call of a foreign library is described.
#pragma once

#include <string>
#include <string_view>

namespace distload::detail {

/// Where a call stands. (std::source_location is not known to clang 14, which checks this code.)
struct SourcePlace {
  char const* file;
  int line;
};

/// "MPI_Bcast failed: <text> (mpi_communicator.cpp:81)". Of `call`, as it stands in the source, only the function's
/// name is kept.
std::string describe_call_failure(std::string_view call, std::string_view text, SourcePlace const& place);

}  // namespace distload::detail
