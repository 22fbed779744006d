/// What the program says on stdout when something is done.
#pragma once

#include <cstdint>

#include <distload/load/loader.hpp>
#include <distload/plan/load_plan.hpp>
#include <distload/save/saver.hpp>

namespace distload {

/// Local: parameters, bytes, seconds, speed and engine, in a line; warns of overflows.
void print_loaded(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, LoadResult const& loaded);

/// Local: path, bytes, seconds and speed, in a line, and what came from `save.base` in another.
void print_saved(SaveResult const& saved);

/// Local: a warning if numbers have become infinite.
void warn_of_overflows(std::uint64_t overflows);

}  // namespace distload
