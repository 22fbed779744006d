// Prints tables and JSON.
#include "bench/bench_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/table.hpp"

namespace distload {
namespace {

std::string number(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

nlohmann::ordered_json json_of(Measurement const& measured, Contender const& contender) {
  nlohmann::ordered_json json{{"name", contender.name},
                              {"bytes", contender.nbytes},
                              {"gigabytes_per_second", contender.bytes_per_second() / 1e9},
                              {"seconds", contender.seconds.all()}};
  if (!contender.limit) return json;
  json["limit"] = measured.contenders[*contender.limit].name;
  json["of_limit"] = share_of_limit(measured, contender);
  if (contender.engine.empty()) return json;
  json["engine"] = contender.engine;
  json["engine_reason"] = contender.reason;
  json["metadata_seconds"] = contender.metadata.all();
  json["predicted_seconds"] = contender.predicted.median();
  return json;
}

}  // namespace

std::string table_of(Measurement const& measured) {
  auto const& options = measured.options;
  auto text = measured.checkpoint + " (" + measured.format + "), " + std::to_string(measured.tensors) +
              " parameters (" + std::string(name_of(options.part)) + ") on " + std::to_string(measured.ranks) +
              " ranks, " + (options.cold ? "cold" : "warm") + ", read amplification " +
              number(measured.read_amplification, 2) + ", medians of " + std::to_string(options.rounds) + " rounds\n";
  Table table;
  table.add({"", "GB/s", "ms", "least ms", "of its limit", "predicted ms", "metadata ms"});
  for (auto const& contender : measured.contenders) {
    std::vector<std::string> row{contender.name, number(contender.bytes_per_second() / 1e9, 2),
                                 number(1e3 * contender.seconds.median(), 1),
                                 number(1e3 * contender.seconds.least(), 1)};
    if (contender.limit) {
      row.push_back(number(100 * share_of_limit(measured, contender), 0) + " % of " +
                    measured.contenders[*contender.limit].name);
    }
    if (!contender.engine.empty()) {
      row.push_back(number(1e3 * contender.predicted.median(), 1));
      row.push_back(number(1e3 * contender.metadata.median(), 2));
      if (contender.name.starts_with("auto")) row.push_back(contender.engine + ": " + contender.reason);
    }
    table.add(std::move(row));
  }
  return text + table.text();
}

std::string json_of(std::span<Measurement const> measurements) {
  auto all = nlohmann::ordered_json::array();
  for (auto const& measured : measurements) {
    nlohmann::ordered_json json{{"checkpoint", measured.checkpoint},
                                {"format", measured.format},
                                {"ranks", measured.ranks},
                                {"state", measured.options.cold ? "cold" : "warm"},
                                {"part", name_of(measured.options.part)},
                                {"parameters", measured.tensors},
                                {"read_amplification", measured.read_amplification}};
    for (auto const& contender : measured.contenders) json["contenders"].push_back(json_of(measured, contender));
    all.push_back(std::move(json));
  }
  return nlohmann::ordered_json{{"measurements", std::move(all)}}.dump(2) + "\n";
}

}  // namespace distload
