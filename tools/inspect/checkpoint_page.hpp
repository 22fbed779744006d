/// checkpoint_page: the HTML page of a checkpoint, with the usual topologies.
#pragma once

#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

#include "inspect/health.hpp"
#include "inspect/planned.hpp"

namespace distload {

/// @param chosen  the plan that the page shows first; null: none
/// @param health  nothing: blocks have not been verified
/// @throws as open_checkpoint, if a file cannot be read. Topologies that the model cannot be cut for are on the page.
std::string checkpoint_page(Catalog const& catalog, Planned const* chosen, RulesChoice const& rules,
                            std::optional<Health> const& health);

}  // namespace distload
