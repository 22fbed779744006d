// Loads NCCL by dlopen.
#include "parallel/nccl_library.hpp"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <vector>

#include <distload/base/error.hpp>

#include "parallel/nccl_functions.hpp"
#if !defined(DISTLOAD_ENABLE_CUDA)
#include "device/emulated_device.hpp"
#endif

namespace distload {
namespace {

/// The first that has everything that is used: ncclCommSplit is its youngest function.
constexpr int kOldestVersion = NCCL_VERSION(2, 18, 1);

std::string version_text(int code) {
  return std::to_string(code / 10000) + "." + std::to_string(code / 100 % 100) + "." + std::to_string(code % 100);
}

/// The names to try, in this order.
std::vector<std::string> candidates() {
  if (auto const* const chosen = std::getenv(kNcclLibraryVariable); chosen != nullptr && *chosen != '\0')
    return {chosen};
  // The second is the one that the build has found, which need not be where the system looks for libraries.
  return {"libnccl.so.2", DISTLOAD_BUILD_NCCL_LIBRARY};
}

void* open_library(std::string& problems) {
  for (auto const& name : candidates()) {
    if (name.empty()) continue;
    if (auto* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL); library != nullptr) return library;
    if (problems.empty()) problems = dlerror();
  }
  return nullptr;
}

std::string path_of(void* library) {
  link_map* map = nullptr;
  return dlinfo(library, RTLD_DI_LINKMAP, static_cast<void*>(&map)) == 0 && map != nullptr ? map->l_name : "";
}

template <class Function>
void find(void* library, char const* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  if (function == nullptr) throw CommunicationError(path_of(library) + " is not NCCL: it has no " + name);
}

NcclFunctions load() {
  std::string problems;
  // Never closed: NCCL's threads may run until the process ends.
  auto* const library = open_library(problems);
  if (library == nullptr) {
    throw CommunicationError("NCCL is not found: " + problems + "; install NVIDIA's libnccl2, or set " +
                             std::string(kNcclLibraryVariable) + " to its libnccl.so.2");
  }
  NcclFunctions table;
  table.path = path_of(library);
  find(library, "ncclGetVersion", table.ncclGetVersion);
  if (table.ncclGetVersion(&table.version) != ncclSuccess) throw CommunicationError(table.path + " has no version");
  // Before the other functions: an old library lacks some.
  if (table.version < kOldestVersion) {
    throw CommunicationError("NCCL " + version_text(table.version) + " (" + table.path + ") is too old: NCCL " +
                             version_text(kOldestVersion) + " or newer is needed; set " +
                             std::string(kNcclLibraryVariable) + " to another one");
  }
#define DISTLOAD_FIND(name) find(library, #name, table.name);
  DISTLOAD_FOR_NCCL_FUNCTIONS(DISTLOAD_FIND)
#undef DISTLOAD_FIND
#if !defined(DISTLOAD_ENABLE_CUDA)
  // Pointers of a host build mean nothing to NCCL itself. A double of it needs to know the streams of the emulated
  // device.
  void (*use_streams)(EnqueueOnStream) = nullptr;
  find(library, "distload_nccl_double_use_streams", use_streams);
  use_streams(&enqueue_on_emulated_stream);
#endif
  return table;
}

}  // namespace

NcclFunctions const& nccl() {
  static NcclFunctions const table = load();  // tried again at the next call if it throws
  return table;
}

std::string describe_nccl() {
  try {
    return version_text(nccl().version) + " (" + nccl().path + ")";
  } catch (CommunicationError const& error) {
    return error.what();
  }
}

namespace detail {

void check_nccl(ncclResult_t status, char const* call, SourcePlace const& place) {
  if (status == ncclSuccess || status == ncclInProgress) return;
  std::string text = nccl().ncclGetErrorString(status);
  // Without a communicator: of the last call that failed. NCCL keeps it in the process.
  if (auto const* const last = nccl().ncclGetLastError(nullptr); last != nullptr && *last != '\0')
    text.append(": ").append(last);
  throw CommunicationError(describe_call_failure(call, text, place));
}

}  // namespace detail
}  // namespace distload
