/// What a save took, as a part of the report.
#pragma once

#include <string>

#include <distload/save/saver.hpp>

namespace distload {

/// Local: the report of a load (make_report) with a section `save`: `path`, `engine`, `seconds`, `stall_seconds` and
/// `bytes` {`checkpoint`, `written`, `unchanged`, `taken_over`}, of all ranks together.
std::string add_to_report(std::string const& report, SaveResult const& saved);

}  // namespace distload
