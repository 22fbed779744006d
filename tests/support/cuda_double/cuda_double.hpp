/// A double of the CUDA runtime: it records every call as text, and does the work at once in host memory, so that the
/// CUDA implementation of Device runs in host builds. Streams and events are numbered in the order of their creation.
#pragma once

#include <string>
#include <vector>

namespace cuda_double {

/// The calls since the last `forget`, e.g. "cudaMemcpyAsync(4096 bytes, stream 1)".
std::vector<std::string> const& calls();
/// Also begins to number streams and events anew.
void forget();

}  // namespace cuda_double

/// Adds a call to the list; the recorder of NCCL's calls, a library of its own, finds it in the program.
extern "C" void cuda_double_record(char const* call);
/// The number of a stream; -1 if it is none.
extern "C" int cuda_double_number_of_stream(void const* stream);
