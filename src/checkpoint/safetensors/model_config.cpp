// Reads config.json.
#include "checkpoint/safetensors/model_config.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <string_view>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

namespace distload {
namespace {

constexpr Bytes kMaxConfigBytes = 4 * kMiB;

/// The directory's own name, whatever links lead to it. In a Hugging Face cache it is a commit's hash, and the model's
/// name stands further up: models--ORGANISATION--NAME/snapshots/HASH.
std::string model_name_of(std::filesystem::path const& directory) {
  constexpr std::string_view kCachePrefix = "models--";
  std::error_code error;
  auto path = std::filesystem::canonical(directory.empty() ? "." : directory, error);
  if (error) path = directory;
  auto const cached = path.parent_path().parent_path().filename().string();
  if (path.parent_path().filename() == "snapshots" && cached.starts_with(kCachePrefix))
    return cached.substr(cached.rfind("--") + 2);
  return path.filename().string();
}

}  // namespace

void read_model_config(std::filesystem::path const& directory, CheckpointMetadata& metadata) {
  metadata.model_name = model_name_of(directory);
  auto const path = directory / "config.json";
  if (std::filesystem::is_regular_file(path)) read_model_config_file(path, metadata);
}

void read_model_config_file(std::filesystem::path const& path, CheckpointMetadata& metadata) {
  if (std::filesystem::file_size(path) > kMaxConfigBytes)
    throw CorruptData(path.string() + ": larger than " + format_bytes(kMaxConfigBytes));
  std::ifstream file(path, std::ios::binary);
  metadata.config_json.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) throw IoError("cannot read " + path.string());

  auto const json = nlohmann::json::parse(metadata.config_json, nullptr, false);
  if (!json.is_object()) throw CorruptData(path.string() + ": not a JSON object");
  auto const architectures = json.find("architectures");
  if (architectures != json.end() && architectures->is_array() && !architectures->empty() &&
      architectures->front().is_string()) {
    metadata.architecture = architectures->front().get<std::string>();
  }
}

}  // namespace distload
