/// Failures on demand: FILE_LAYER_FAIL=kind:k[:errno name], in the rank FILE_LAYER_RANK (0 if unset).
#pragma once

#include <cstdint>

namespace distload::file_layer {

/// Calls that are counted together. Their names in FILE_LAYER_FAIL are the enumerators'.
enum class CallKind : std::uint8_t { write, fsync, rename, create, allocate, mkdir, copy };

/// Counts a call of that kind. @returns 0, or the error that this call has to fail with, having put the file
/// `failed-<rank>` into FILE_LAYER_LOG.
int failure_of_call(CallKind kind);

/// True if this call has to fail, with errno set.
bool call_fails(CallKind kind);

}  // namespace distload::file_layer
