// Prints tables and JSON.
#include "bench/bench_report.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/table.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

std::string state_of(MeasureOptions const& options) { return options.cold ? "cold" : "warm"; }

nlohmann::ordered_json json_of(Measurement const& measured, Contender const& contender) {
  nlohmann::ordered_json json{{"name", contender.name},
                              {"bytes", contender.nbytes},
                              {"gigabytes_per_second", contender.bytes_per_second() / 1e9},
                              {"seconds", contender.seconds.all()}};
  auto const* const limit = limit_of(measured, contender);
  if (limit == nullptr) return json;
  json["limit"] = limit->name;
  json["of_limit"] = share_of_limit(measured, contender);
  if (!contender.whole.all().empty()) json["whole_seconds"] = contender.whole.all();
  if (contender.engine.empty()) return json;
  json["engine"] = contender.engine;
  json["engine_reason"] = contender.reason;
  json["metadata_seconds"] = contender.metadata.all();
  json["predicted_seconds"] = contender.predicted.median();
  return json;
}

/// What was measured, and how.
std::string head_of(Measurement const& measured) {
  auto const& options = measured.options;
  auto const how = options.start == Start::fresh ? "fresh: every sample in new processes that were idle for " +
                                                       fixed_text(options.idle_seconds, 1) + " s"
                                                 : std::string("reload: all samples in the same processes");
  return measured.checkpoint + " (" + measured.format + "), " + std::to_string(measured.tensors()) + " parameters (" +
         std::string(name_of(options.part)) + ") on " + std::to_string(measured.ranks) + " ranks, " +
         state_of(options) + ", read amplification " + fixed_text(measured.read_amplification(), 2) + ", medians of " +
         std::to_string(options.rounds) + " rounds, " + how + "\n";
}

std::vector<std::string> row_of(Measurement const& measured, Contender const& contender) {
  std::vector<std::string> row{contender.name, fixed_text(contender.bytes_per_second() / 1e9, 2),
                               fixed_text(1e3 * contender.seconds.median(), 1),
                               fixed_text(1e3 * contender.seconds.least(), 1)};
  auto const* const limit = limit_of(measured, contender);
  if (limit == nullptr) return row;
  row.push_back(contender.whole.all().empty() ? "" : fixed_text(1e3 * contender.whole.median(), 1));
  row.push_back(fixed_text(100 * share_of_limit(measured, contender), 0) + " % of " + limit->name);
  if (contender.engine.empty()) return row;
  row.push_back(fixed_text(1e3 * contender.predicted.median(), 1));
  row.push_back(fixed_text(1e3 * contender.metadata.median(), 2));
  if (contender.name.starts_with("auto")) row.push_back(contender.engine + ": " + contender.reason);
  return row;
}

}  // namespace

std::string table_of(Measurement const& measured) {
  Table table;
  table.add({"", "GB/s", "ms", "least ms", "whole ms", "of its limit", "predicted ms", "metadata ms"});
  for (auto const& contender : measured.contenders) table.add(row_of(measured, contender));
  return head_of(measured) + table.text();
}

std::string json_of(std::span<Measurement const> measurements) {
  auto all = nlohmann::ordered_json::array();
  for (auto const& measured : measurements) {
    nlohmann::ordered_json json{{"checkpoint", measured.checkpoint},
                                {"format", measured.format},
                                {"ranks", measured.ranks},
                                {"state", state_of(measured.options)},
                                {"start", name_of(measured.options.start)},
                                {"part", name_of(measured.options.part)},
                                {"parameters", measured.tensors()},
                                {"read_amplification", measured.read_amplification()}};
    if (measured.options.start == Start::fresh) json["idle_seconds"] = measured.options.idle_seconds;
    for (auto const& contender : measured.contenders) json["contenders"].push_back(json_of(measured, contender));
    all.push_back(std::move(json));
  }
  return nlohmann::ordered_json{{"measurements", std::move(all)}}.dump(2) + "\n";
}

}  // namespace distload
