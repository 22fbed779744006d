// Writes the section of a redistribution.
#include <distload/redistribute/redistribute_report.hpp>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "load/report_head.hpp"

namespace distload {

std::string add_to_report(std::string const& report, Topology const& from, RedistributeTimes const& times,
                          bool in_place, bool verified) {
  auto json = Json::parse(report);
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
                            {"memory", {{"staging_peak", times.staging_bytes}, {"peak", times.peak_bytes}}}};
  return json_text(json, 2) + "\n";
}

}  // namespace distload
