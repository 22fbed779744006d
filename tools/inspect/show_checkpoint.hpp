/// The output of distload-inspect as text.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "inspect/health.hpp"
#include "inspect/planned.hpp"

namespace distload {

void print_metadata(Catalog const& catalog);
void print_tensors(Catalog const& catalog);
void print_extents(Catalog const& catalog);
void print_plan(Catalog const& catalog, Planned const& planned);
/// A line for each damaged block, then the sum.
void print_health(Health const& health);

}  // namespace distload
