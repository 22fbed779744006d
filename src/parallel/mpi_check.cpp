// Turns MPI's error codes into exceptions.
#include "parallel/mpi_check.hpp"

#include <array>

#include <distload/base/error.hpp>

#include "parallel/call_failure.hpp"

namespace distload::detail {

std::string mpi_error_text(int status) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Error_string(status, text.data(), &length) != MPI_SUCCESS) return "unknown error " + std::to_string(status);
  return {text.data(), static_cast<std::size_t>(length)};
}

void check_mpi(int status, char const* call, std::source_location place) {
  if (status == MPI_SUCCESS) return;
  throw CommunicationError(describe_call_failure(call, mpi_error_text(status), place));
}

}  // namespace distload::detail
