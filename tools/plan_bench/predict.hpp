/// predict_loads: predicted loads of public models onto the machines of config/machines.
#pragma once

#include <string>

namespace distload::plan_bench {

/// A table in Markdown: for each model and machine a topology, the memory of a device, seconds of each stage, and the
/// stage that limits the load.
/// @param only_machine  only this machine (find_machine); empty: all
std::string predict_loads(std::string const& only_machine);

}  // namespace distload::plan_bench
