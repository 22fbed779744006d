/// The program's messages on stdout after each step.
#pragma once

#include <cstdint>

#include <distload/load/loader.hpp>
#include <distload/plan/load_plan.hpp>
#include <distload/redistribute/redistributor.hpp>
#include <distload/save/saver.hpp>

namespace distload {

/// Local: prints parameters, bytes, seconds, speed and engine on one line; warns of overflows.
void print_loaded(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, LoadResult const& loaded);

/// Local: prints topology, bytes, seconds and speed on one line; warns of overflows.
void print_redistributed(Topology const& topology, RedistributeTimes const& times);

/// Local: prints path, bytes, seconds and speed on one line, and the bytes reused from `save.base` on another.
void print_saved(SaveResult const& saved);

/// Local: warns if numbers have become infinite.
void warn_of_overflows(std::uint64_t overflows);

}  // namespace distload
