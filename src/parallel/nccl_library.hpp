/// NCCL, which is loaded when it is first needed: programs start without it, and tests put a double in its place.
#pragma once

#include <string>

namespace distload {

/// The library to load instead of libnccl.so.2, a path or a name.
inline constexpr char const* kNcclLibraryVariable = "DISTLOAD_NCCL_LIBRARY";

struct NcclFunctions;  // nccl_functions.hpp

/// Local, from any thread: NCCL's functions; loads the library at the first call.
/// @throws CommunicationError  there is none, or it is older than 2.18, which brought the last function that is used.
NcclFunctions const& nccl();

/// Local: "2.28.9 (/usr/lib/libnccl.so.2)", or why there is none. Loads the library.
std::string describe_nccl();

}  // namespace distload
