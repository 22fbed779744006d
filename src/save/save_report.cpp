// Writes the save report as JSON.
#include <distload/save/save_report.hpp>

#include <vector>

#include "base/json.hpp"
#include "base/process_memory.hpp"
#include "load/report_head.hpp"

namespace distload {
namespace {

Json section_of(SaveResult const& saved) {
  return {{"path", saved.path},
          {"step", saved.step},
          {"engine", word_of(saved.engine)},
          {"seconds", saved.seconds},
          {"stall_seconds", saved.stall_seconds},
          {"bytes",
           {{"checkpoint", saved.checkpoint_bytes},
            {"written", saved.bytes.written},
            {"unchanged", saved.bytes.unchanged},
            {"taken_over", saved.bytes.reused}}}};
}

}  // namespace

std::string add_to_report(std::string const& report, SaveResult const& saved) {
  auto json = Json::parse(report);
  json["save"] = section_of(saved);
  return json_text(json, 2) + "\n";
}

std::string make_conversion_report(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint,
                                   ConvertOptions const& options, SaveResult const& saved) {
  std::vector<std::uint64_t> peak{peak_resident_bytes().value_or(0)};
  grid.world().all_reduce(std::span(peak), Reduction::max);
  if (grid.rank() != 0) return {};
  auto const stored = checkpoint.catalog.nbytes();
  auto report = report_head(grid, checkpoint);
  auto warnings = checkpoint.catalog.warnings;
  warnings.insert(warnings.end(), checkpoint.layout.warnings.begin(), checkpoint.layout.warnings.end());
  report.update(
      Json{{"engine", word_of(saved.read_engine.name)},
           {"engine_reason", saved.read_engine.reason},
           {"seconds", saved.seconds},
           {"bytes", {{"checkpoint", stored}, {"storage_read", saved.read_bytes}, {"resident", 0}}},
           {"memory", {{"resident", 0}, {"staging_peak", options.staging_bytes}, {"overhead_peak", peak.front()}}},
           {"overflows", saved.overflows},
           {"warnings", std::move(warnings)},
           {"save", section_of(saved)}});
  return json_text(report, 2) + "\n";
}

}  // namespace distload
