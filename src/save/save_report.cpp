// JSON.
#include <distload/save/save_report.hpp>

#include <nlohmann/json.hpp>

namespace distload {

std::string add_to_report(std::string const& report, SaveResult const& saved) {
  auto json = nlohmann::ordered_json::parse(report);
  json["save"] = {{"path", saved.path},
                  {"engine", saved.engine},
                  {"seconds", saved.seconds},
                  {"stall_seconds", saved.stall_seconds},
                  {"bytes",
                   {{"checkpoint", saved.checkpoint_bytes},
                    {"written", saved.bytes.written},
                    {"unchanged", saved.bytes.unchanged},
                    {"taken_over", saved.bytes.taken_over}}}};
  return json.dump(2) + "\n";
}

}  // namespace distload
