/// The output of distload-inspect as JSON, described in tools/README.md.
#pragma once

#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

#include "inspect/health.hpp"
#include "inspect/planned.hpp"

namespace distload {

/// One object, schema "distload-inspect/1".
/// @param extents  list the extents of every tensor with their checksums
std::string as_json(Catalog const& catalog, bool extents, Planned const* planned, Health const* health);

}  // namespace distload
