// Reads config.json.
#include "checkpoint/safetensors/model_config.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

namespace distload {
namespace {

constexpr Bytes kMaxConfigBytes = 4 * kMiB;

/// The last part of a path such as "sentence-transformers/all-MiniLM-L6-v2".
std::string last_part(std::string name) {
  while (!name.empty() && name.back() == '/') name.pop_back();
  return name.substr(name.rfind('/') + 1);
}

}  // namespace

void read_model_config(std::filesystem::path const& directory, CheckpointMetadata& metadata) {
  auto const path = directory / "config.json";
  metadata.model_name = last_part(std::filesystem::absolute(directory).lexically_normal().string());
  if (!std::filesystem::is_regular_file(path)) return;
  if (std::filesystem::file_size(path) > kMaxConfigBytes) throw CorruptData(path.string() + ": larger than " + format_bytes(kMaxConfigBytes));
  std::ifstream file(path, std::ios::binary);
  metadata.config_json.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) throw IoError("cannot read " + path.string());

  auto const json = nlohmann::json::parse(metadata.config_json, nullptr, false);
  if (!json.is_object()) throw CorruptData(path.string() + ": not a JSON object");
  if (auto const name = json.find("_name_or_path"); name != json.end() && name->is_string() && !name->get_ref<std::string const&>().empty()) {
    metadata.model_name = last_part(name->get<std::string>());
  }
  auto const architectures = json.find("architectures");
  if (architectures != json.end() && architectures->is_array() && !architectures->empty() && architectures->front().is_string()) {
    metadata.architecture = architectures->front().get<std::string>();
  }
}

}  // namespace distload
