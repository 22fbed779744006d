// Reads config.json.
#include "checkpoint/safetensors/model_config_file.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/system.hpp"

namespace distload {
namespace {

constexpr JsonLimits kConfigLimits{.text_bytes = 4 * kMiB};
constexpr char const* kConfigFile = "config.json";
/// In its place in Mistral's own format.
constexpr char const* kParamsFile = "params.json";

/// The directory's name after resolving links. In a Hugging Face cache that is a commit hash, and the model's name is
/// in a parent: models--ORGANISATION--NAME/snapshots/HASH.
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

/// Names of the compute types in config.json.
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

/// Finds where a config.json names the compute type, including in the parts of multi-modal models.
class NamedTypes : public JsonHandler {
 public:
  struct Place {
    std::size_t value_at = 0;  ///< position of the opening quote, in bytes
    std::string type;
  };
  std::vector<Place> places;

  void on_null() override { end_value(); }
  void on_boolean(bool) override { end_value(); }
  void on_number(std::uint64_t) override { end_value(); }
  void on_negative(std::int64_t) override { end_value(); }
  void on_real(double, std::string_view) override { end_value(); }
  void on_text(std::string_view value) override {
    if (names_type_ && lists_ == 0) places.push_back({value_at_, std::string(value)});
    end_value();
  }
  void on_key(std::string_view key, std::size_t value_at) override {
    names_type_ = key == "dtype" || key == "torch_dtype";
    value_at_ = value_at;
  }
  void on_object() override { end_value(); }
  void on_object_end() override {}
  void on_list() override {
    ++lists_;
    end_value();
  }
  void on_list_end() override { --lists_; }

 private:
  void end_value() { names_type_ = false; }

  bool names_type_ = false;
  std::size_t value_at_ = 0;
  std::size_t lists_ = 0;
};

/// Position after the quoted text that begins at byte `begin`.
std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
  auto end = begin + 1;
  while (text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  return end + 1;
}

}  // namespace

void read_model_config(std::filesystem::path const& directory, CheckpointMetadata& metadata) {
  metadata.model_name = model_name_of(directory);
  auto const path = directory / kConfigFile;
  if (std::filesystem::is_regular_file(path)) read_model_config_file(path, metadata);
}

void read_model_config_file(std::filesystem::path const& path, CheckpointMetadata& metadata) {
  std::error_code error;
  auto const size = std::filesystem::file_size(path, error);
  if (error) throw IoError("cannot read " + path.string() + ": " + error.message());
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError("cannot read " + path.string() + ": " + system_reason());
  if (size > kConfigLimits.text_bytes)
    throw CorruptData(path.string() + ": larger than " + format_bytes(kConfigLimits.text_bytes));
  metadata.config_json.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) throw IoError("cannot read " + path.string());

  auto const json = parse_json(metadata.config_json, kConfigLimits, path.string());
  if (!json.is_object()) throw CorruptData(path.string() + ": not a JSON object");
  auto const architectures = json.find("architectures");
  if (architectures != json.end() && architectures->is_array() && !architectures->empty() &&
      architectures->front().is_string()) {
    metadata.architecture = JsonView(architectures->front(), path.string()).text();
  }
}

std::string config_file_of(Catalog const& catalog) {
  if (catalog.format == SourceFormat::hdf5) return "config.json of " + catalog.path;
  std::filesystem::path const path(catalog.path);
  auto const is_file = path.extension() == ".safetensors" || path.extension() == ".json";
  auto const directory = is_file ? path.parent_path() : path;
  std::error_code error;
  auto const of_mistral = directory / kParamsFile;
  if (std::filesystem::exists(of_mistral, error) && !std::filesystem::exists(directory / kConfigFile, error)) {
    return of_mistral.string();
  }
  return (directory / kConfigFile).string();
}

bool is_params_file(std::string const& path) { return std::filesystem::path(path).filename() == kParamsFile; }

std::string config_json_of(Catalog const& catalog) {
  auto text = catalog.metadata.config_json;
  NamedTypes named;
  try {
    parse_json_events(text, kConfigLimits, "config.json", named);
  } catch (CorruptData const&) {
    return text;  // no change needed
  }
  auto const types = count_types(catalog);
  auto const& most = *std::ranges::max_element(types, {}, &CountedType::elements);
  if (most.elements == 0) return text;
  for (auto place = named.places.rbegin(); place != named.places.rend(); ++place) {
    auto const type = std::ranges::find(types, place->type, &CountedType::name);
    if (type == types.end() || type->elements > 0) continue;
    text.replace(place->value_at, end_of_quoted(text, place->value_at) - place->value_at,
                 '"' + std::string(most.name) + '"');
  }
  return text;
}

}  // namespace distload
