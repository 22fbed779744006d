// A library with the functions of NCCL that records their calls and does nothing else. It takes the place of NCCL in a
// test of the order of calls; tests/support/nccl_double has one that works.
#include <nccl.h>

#include <string>

#include "support/cuda_double/cuda_double.hpp"

struct ncclComm {
  int rank = 0;
  int size = 0;
};

namespace {

ncclResult_t record(std::string const& call) {
  cuda_double_record(call.c_str());
  return ncclSuccess;
}

std::string message(std::size_t count, int peer, cudaStream_t stream) {
  return std::to_string(count) + " bytes, rank " + std::to_string(peer) + ", stream " +
         std::to_string(cuda_double_number_of_stream(stream)) + ")";
}

}  // namespace

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}
ncclResult_t ncclGetUniqueId(ncclUniqueId*) { return record("ncclGetUniqueId()"); }
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId, int rank, ncclConfig_t* config) {
  *comm = new ncclComm{rank, size};
  return record(config->blocking == 0 ? "ncclCommInitRankConfig(non-blocking)" : "ncclCommInitRankConfig()");
}
ncclResult_t ncclCommSplit(ncclComm_t, int, int, ncclComm_t*, ncclConfig_t*) { return ncclInvalidUsage; }
ncclResult_t ncclCommFinalize(ncclComm_t) { return record("ncclCommFinalize()"); }
ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  delete comm;
  return record("ncclCommDestroy()");
}
ncclResult_t ncclCommAbort(ncclComm_t comm) {
  delete comm;
  return record("ncclCommAbort()");
}
// Called while a thread waits, and therefore not recorded.
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* state) {
  *state = ncclSuccess;
  return ncclSuccess;
}
ncclResult_t ncclCommCount(ncclComm_t const comm, int* count) {
  *count = comm->size;
  return ncclSuccess;
}
ncclResult_t ncclCommUserRank(ncclComm_t const comm, int* rank) {
  *rank = comm->rank;
  return ncclSuccess;
}
char const* ncclGetErrorString(ncclResult_t) { return "an error of the recorder"; }
char const* ncclGetLastError(ncclComm_t) { return ""; }
ncclResult_t ncclGroupStart() { return record("ncclGroupStart()"); }
ncclResult_t ncclGroupEnd() { return record("ncclGroupEnd()"); }
ncclResult_t ncclSend(void const*, std::size_t count, ncclDataType_t, int peer, ncclComm_t, cudaStream_t stream) {
  return record("ncclSend(" + message(count, peer, stream));
}
ncclResult_t ncclRecv(void*, std::size_t count, ncclDataType_t, int peer, ncclComm_t, cudaStream_t stream) {
  return record("ncclRecv(" + message(count, peer, stream));
}
ncclResult_t ncclBroadcast(void const*, void*, std::size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t) {
  return ncclInvalidUsage;
}
ncclResult_t ncclAllGather(void const*, void*, std::size_t, ncclDataType_t, ncclComm_t, cudaStream_t) {
  return ncclInvalidUsage;
}
ncclResult_t ncclAllReduce(void const*, void*, std::size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t, cudaStream_t) {
  return ncclInvalidUsage;
}

/// Host builds give their streams' function to a library in the place of NCCL; this one enqueues nothing.
extern "C" void distload_nccl_double_use_streams(void (*)(void*, void (*)(void*), void*)) {}
