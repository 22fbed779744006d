/// calibrate: measures the costs of storage and links for `cost:` in a configuration.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

#include "plan/cost_model.hpp"

namespace distload {

/// Collective, takes some seconds: reads up to a GiB per rank of the catalog's files, from storage and from the page
/// cache, and sends messages between neighbouring ranks.
/// @throws IoError  storage failed.
CostModel calibrate(Communicator& world, Catalog const& catalog);

/// The `cost` section of a configuration with these values.
std::string cost_section(CostModel const& cost);

}  // namespace distload
