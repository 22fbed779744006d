// Reading a config.json that the user names.
#include "load/model_config.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

#include <distload/base/error.hpp>

namespace distload {

void use_model_config(Catalog& catalog, std::string const& path) {
  if (path == "auto") return;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ConfigError("model.config: cannot open " + path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto const json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw ConfigError("model.config: " + path + " is not a JSON object");
  catalog.metadata.config_json = std::move(text);
  if (auto const names = json.find("architectures"); names != json.end() && names->is_array() && !names->empty() && names->front().is_string()) {
    catalog.metadata.architecture = names->front().get<std::string>();
  }
}

}  // namespace distload
