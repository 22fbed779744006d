/// The report of a redistribution, as JSON.
#pragma once

#include <string>

#include <distload/base/topology.hpp>
#include <distload/redistribute/redistributor.hpp>

namespace distload {

/// Local: the report of a load (make_report), of which model and grid are the outcome's, with a section
/// `redistribution`: `from` (the topology of the load), `in_place`, `verified`, `seconds`, `plan_seconds`, `waves`,
/// `overflows`, `bytes` {`needed`, `sent`, `local`, `shared`} of all ranks together, `memory` {`staging_peak`, `peak`}
/// of the rank that needed most, and `ranks`: for each `rank`, `bytes` {`old_shards`, `new_shards` (with memory of
/// their own), `shared`, `local`, `sent`, `received`} and `memory`.
std::string add_to_report(std::string const& report, Topology const& from, RedistributeTimes const& times,
                          bool in_place, bool verified);

}  // namespace distload
