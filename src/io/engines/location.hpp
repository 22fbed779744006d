/// Describes positions in a checkpoint for the messages of all engines.
#pragma once

#include <span>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "io/engines/engine.hpp"

namespace distload {

/// "tensor 'model.norm.weight' in out/model-step-3.h5, bytes [4096, 8192)". `begin` and `end` count from the extent's
/// first byte, the printed range from the file's.
std::string describe_location(Catalog const& catalog, Extent const& extent, Bytes begin, Bytes end);

/// Reports that the file ended after the first `got` bytes of `requests`.
/// @throws CorruptData  always; names the first tensor that lacks bytes.
[[noreturn]] void throw_truncated(Catalog const& catalog, std::span<ReadRequest const> requests, Bytes got);

}  // namespace distload
