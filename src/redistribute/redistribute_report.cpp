// Writes the section of a redistribution.
#include <distload/redistribute/redistribute_report.hpp>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "load/report_head.hpp"

namespace distload {

std::string add_to_report(std::string const& report, Topology const& from, RedistributeTimes const& times,
                          bool in_place, bool verified) {
  auto json = Json::parse(report);
  auto ranks = Json::array();
  for (auto const& rank : times.ranks) {
    ranks.push_back({{"rank", ranks.size()},
                     {"bytes",
                      {{"old_shards", rank.source_bytes},
                       {"new_shards", rank.target_bytes},
                       {"shared", rank.shared_bytes},
                       {"local", rank.local_bytes},
                       {"sent", rank.sent_bytes},
                       {"received", rank.received_bytes}}},
                     {"memory", {{"staging_peak", rank.staging_bytes}, {"peak", rank.peak_bytes}}}});
  }
  json["redistribution"] = {{"from",
                             {{"tensor_parallel", from.tensor_parallel},
                              {"pipeline_parallel", from.pipeline_parallel},
                              {"data_parallel", from.data_parallel},
                              {"expert_parallel", from.expert_parallel}}},
                            {"in_place", in_place},
                            {"verified", verified},
                            {"seconds", times.seconds},
                            {"plan_seconds", times.plan_seconds},
                            {"waves", times.waves},
                            {"overflows", times.overflows},
                            {"bytes",
                             {{"needed", times.needed_bytes},
                              {"sent", times.sent_bytes},
                              {"local", times.local_bytes},
                              {"shared", times.shared_bytes}}},
                            {"memory", {{"staging_peak", times.staging_bytes}, {"peak", times.peak_bytes}}},
                            {"ranks", std::move(ranks)}};
  return json_text(json, 2) + "\n";
}

}  // namespace distload
