/// The check of every MPI call: a failure becomes a CommunicationError with the call, MPI's message and the source
/// location.
#pragma once

#include <string>

#include <mpi.h>

#include "base/call_failure.hpp"

namespace distload::detail {

/// MPI's text for an error code.
std::string mpi_error_text(int status);

/// @throws CommunicationError  `status` is not MPI_SUCCESS. `call` is the source text of the call.
void check_mpi(int status, char const* call, SourcePlace const& place);

}  // namespace distload::detail

#define DISTLOAD_MPI(call) ::distload::detail::check_mpi((call), #call, {__FILE__, __LINE__})
