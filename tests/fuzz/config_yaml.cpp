// A configuration file; behind a line `====` there can be lines as of --set.
#include <distload/config/parse_config.hpp>

#include <algorithm>

#include "config/schema.hpp"
#include "fuzz/fuzz_target.hpp"

namespace distload::fuzz {
namespace {

std::vector<Setting> settings_of(std::string_view lines) {
  std::vector<Setting> settings;
  while (!lines.empty()) {
    auto const line = lines.substr(0, lines.find('\n'));
    settings.push_back(parse_setting(std::string(line)));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return settings;
}

}  // namespace

void one_input(Input input) {
  auto const [text, lines] = two_texts(text_of(input));
  auto const settings = settings_of(lines);
  auto const config = parse_config(std::string(text), "f.yaml", settings);
  // What each key prints, it also takes, and then says the same.
  for (auto const& key : config_keys()) {
    if (!config.save && key.name.starts_with("save.")) continue;
    auto copy = config;
    auto const printed = key.print(config);
    key.set(copy, printed);
    expect(key.print(copy) == printed, "a key prints what it does not read back");
  }
}

}  // namespace distload::fuzz
