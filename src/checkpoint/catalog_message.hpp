/// A catalog as one message between ranks.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "base/wire.hpp"

namespace distload {

/// The whole catalog as one flat message, and back.
std::vector<std::byte> serialize(Catalog const& catalog);
/// The same at the end of a longer message.
void serialize(Catalog const& catalog, WireWriter& out);
Catalog deserialize_catalog(std::span<std::byte const> bytes);

}  // namespace distload
