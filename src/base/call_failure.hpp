/// The common format for failed calls of other libraries.
#pragma once

#include <string>
#include <string_view>

namespace distload::detail {

/// Source location of a call. (clang 14, which checks this code, lacks std::source_location.)
struct SourcePlace {
  char const* file;
  int line;
};

/// "MPI_Bcast failed: <text> (mpi_communicator.cpp:81)". `call` is the source text of the call; only the function name
/// is used.
std::string describe_call_failure(std::string_view call, std::string_view text, SourcePlace const& place);

}  // namespace distload::detail
