// Converts settings to bytes and back.
#include "config/settings_message.hpp"

namespace distload {

void put_settings(WireWriter& out, std::span<Setting const> settings) {
  out.put(settings.size());
  for (auto const& setting : settings) {
    out.put_text(setting.key);
    out.put_text(setting.value);
    out.put_text(setting.origin);
  }
}

std::vector<Setting> get_settings(WireReader& in) {
  std::vector<Setting> settings(in.get_count(3 * WireReader::kTextBytes));
  for (auto& setting : settings) {
    setting.key = in.get_text();
    setting.value = in.get_text();
    setting.origin = in.get_text();
  }
  return settings;
}

}  // namespace distload
