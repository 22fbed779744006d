/// Reports of saves and conversions, as JSON.
#pragma once

#include <string>

#include <distload/parallel/process_grid.hpp>
#include <distload/save/saver.hpp>

namespace distload {

/// Local: the report of a load (make_report) with a section `save`: `path`, `step`, `engine`, `seconds`,
/// `stall_seconds` and `bytes` {`checkpoint`, `written`, `unchanged`, `taken_over`}, of all ranks together.
std::string add_to_report(std::string const& report, SaveResult const& saved);

/// Collective over `grid.world()`: the report of `Saver::convert` on rank 0; empty elsewhere. It has the members of a
/// load's report that apply to a conversion, and the section `save`.
std::string make_conversion_report(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint,
                                   ConvertOptions const& options, SaveResult const& saved);

}  // namespace distload
