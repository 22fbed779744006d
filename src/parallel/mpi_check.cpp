// Converts MPI's error codes to exceptions.
#include "parallel/mpi_check.hpp"

#include <array>

#include <distload/base/error.hpp>

namespace distload::detail {

std::string mpi_error_text(int status) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Error_string(status, text.data(), &length) != MPI_SUCCESS) return "unknown error " + std::to_string(status);
  return {text.data(), static_cast<std::size_t>(length)};
}

void check_mpi(int status, char const* call, SourcePlace const& place) {
  if (status == MPI_SUCCESS) return;
  throw CommunicationError(describe_call_failure(call, mpi_error_text(status), place));
}

}  // namespace distload::detail
