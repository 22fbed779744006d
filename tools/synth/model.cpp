// Makes models from sizes, or from a config.json and the rules.
#include "synth/model.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::synth {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char const* kConfigFile = "config.json";
constexpr char const* kQuantizationKey = "quantization_config";

std::string read_text_file(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw IoError(path.string() + " cannot be read");
  return text.str();
}

Json parse_object(std::string const& text, std::string const& file) {
  auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw ConfigError(file + ": not a JSON object");
  return json;
}

/// The name that transformers has for a type.
std::string torch_type(DType dtype) {
  switch (dtype) {
    case DType::bf16: return "bfloat16";
    case DType::f16: return "float16";
    case DType::f64: return "float64";
    default: return "float32";
  }
}

}  // namespace

Model model_of(Family const& family, ModelSizes const& sizes, DType dtype, std::uint64_t seed) {
  Model model{std::string(family.name), std::string(family.architecture), {}, seed, config_json(family, sizes, dtype)};
  for (auto& tensor : tensors_of(family, sizes)) {
    model.tensors.push_back({std::move(tensor.name), dtype, tensor.shape, {}});
  }
  return model;
}

Model model_of(ConfigSource const& source, std::uint64_t seed) {
  auto const path = fs::is_directory(source.config) ? fs::path(source.config) / kConfigFile : fs::path(source.config);
  auto config = read_text_file(path);
  auto json = parse_object(config, path.string());
  auto const rules = find_rules({"auto", config, default_rule_directories(), source.rules, path.string()});
  if (!source.quantization.empty()) {
    if (fs::is_regular_file(source.quantization)) {
      auto quantization = parse_object(read_text_file(source.quantization), source.quantization);
      json[kQuantizationKey] = quantization.contains(kQuantizationKey) ? quantization[kQuantizationKey] : quantization;
    } else {
      json = Json::parse(with_quantization(rules, config, source.quantization));
    }
    config = json.dump(2) + "\n";
  }
  if (source.dtype) {
    for (auto const* key : {"dtype", "torch_dtype"}) {
      if (json.contains(key)) json[key] = torch_type(*source.dtype);
      if (json.contains("text_config") && json["text_config"].contains(key)) {
        json["text_config"][key] = torch_type(*source.dtype);
      }
    }
    if (!json.contains("dtype") && !json.contains("torch_dtype")) json["torch_dtype"] = torch_type(*source.dtype);
    config = json.dump(2) + "\n";
  }
  auto tensors = describe_model(rules, config, {source.dtype, path.string()});
  auto const architectures = json.value("architectures", Json::array());
  auto const is_named = architectures.is_array() && !architectures.empty() && architectures[0].is_string();
  return {rules.family, is_named ? architectures[0].get<std::string>() : "", std::move(tensors), seed, config};
}

}  // namespace distload::synth
