/// next_call: the function of a name that would have been called if the layer were not there.
#pragma once

#include <dlfcn.h>

namespace distload::file_layer {

/// As in `static auto* const next = next_call<decltype(::fsync)>("fsync");`.
template <class Function>
Function* next_call(char const* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace distload::file_layer
