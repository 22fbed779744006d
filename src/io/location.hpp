/// Words for a place in a checkpoint, the same in every engine's messages.
#pragma once

#include <string>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// "tensor 'model.norm.weight' in out/model-step-3.h5, bytes [4096, 8192)". `begin` and `end` count from the
/// extent's first byte, the printed range from the file's.
std::string describe_location(Catalog const& catalog, Extent const& extent, Bytes begin, Bytes end);

}  // namespace distload
