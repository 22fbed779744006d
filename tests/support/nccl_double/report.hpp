/// Messages of the double, and the faults that the environment asks for.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nccl.h>

namespace nccl_double {

/// A rule of NCCL is violated: prints and ends the process, or returns ncclInvalidUsage (see README.md).
ncclResult_t misuse(std::string const& what);

/// The text of ncclGetLastError.
void set_last_error(std::string text);
char const* last_error();

enum class FaultKind { absent, refuse, error, vanish };

/// True if NCCL_DOUBLE_FAULT asks for `kind` on `rank`, at its operation number `operation`, from 1 on.
bool has_fault(FaultKind kind, int rank, std::uint64_t operation = 0);

/// NCCL_DOUBLE_SLOW_MS.
std::chrono::milliseconds slowness();

/// NCCL_DOUBLE_VERSION, by default that of nccl.h.
int version();

}  // namespace nccl_double
