/// A family's rules as messages between ranks: one rank reads them for all.
#pragma once

#include "base/wire.hpp"
#include "partition/partition_model.hpp"

namespace distload {

void put_rules(WireWriter& out, FamilyRules const& rules);
FamilyRules get_rules(WireReader& in);

}  // namespace distload
