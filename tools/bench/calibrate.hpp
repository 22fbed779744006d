/// calibrate: what storage and links cost here, for `cost:` in a configuration.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "plan/cost_model.hpp"

namespace distload {

/// Collective, some seconds: reads up to a GiB per rank of the catalog's files, from storage and from the page cache,
/// and sends messages between neighbouring ranks.
/// @throws IoError  storage failed.
CostModel calibrate(Communicator& world, Catalog const& catalog);

/// The section of a configuration that says so.
std::string cost_section(CostModel const& cost);

}  // namespace distload
