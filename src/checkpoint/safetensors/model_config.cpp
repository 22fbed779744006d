// Reads config.json.
#include "checkpoint/safetensors/model_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

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

using Json = nlohmann::ordered_json;

/// What config.json calls the types that models compute in.
constexpr std::array<std::pair<std::string_view, DType>, 4> kTorchTypes{
    {{"float32", DType::f32}, {"bfloat16", DType::bf16}, {"float16", DType::f16}, {"float64", DType::f64}}};

struct CountedType {
  std::string_view name;
  std::uint64_t elements = 0;
};

std::array<CountedType, kTorchTypes.size()> count_types(Catalog const& catalog) {
  std::array<CountedType, kTorchTypes.size()> counted{};
  for (std::size_t i = 0; i < kTorchTypes.size(); ++i) {
    counted[i].name = kTorchTypes[i].first;
    for (auto const& tensor : catalog.tensors) {
      if (tensor.dtype == kTorchTypes[i].second) counted[i].elements += volume(tensor.shape);
    }
  }
  return counted;
}

/// Also in the parts of a model of several modalities. @returns true if something was changed.
bool correct_dtypes(Json& json, std::array<CountedType, kTorchTypes.size()> const& types) {
  auto const& most = *std::ranges::max_element(types, {}, &CountedType::elements);
  bool changed = false;
  for (auto const& [key, value] : json.items()) {
    if (value.is_object()) {
      changed = correct_dtypes(value, types) || changed;
    } else if ((key == "dtype" || key == "torch_dtype") && value.is_string()) {
      auto const named = std::ranges::find(types, value.get<std::string>(), &CountedType::name);
      if (named == types.end() || named->elements > 0 || most.elements == 0) continue;
      value = most.name;
      changed = true;
    }
  }
  return changed;
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

std::string config_json_of(Catalog const& catalog) {
  auto const& text = catalog.metadata.config_json;
  auto json = Json::parse(text, nullptr, false);
  return json.is_object() && correct_dtypes(json, count_types(catalog)) ? json.dump(2) + "\n" : text;
}

}  // namespace distload
