// Headers and index of safetensors.
#include "synth/file_layout.hpp"

#include <array>
#include <cstdio>
#include <cstring>

#include <nlohmann/json.hpp>

namespace distload::synth {
namespace {

/// As transformers names the files of a model.
std::string file_name(std::size_t number, std::size_t count) {
  if (count == 1) return "model.safetensors";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "model-%05zu-of-%05zu.safetensors", number + 1, count);
  return text.data();
}

/// Length and JSON, padded with spaces so that the data is aligned.
std::string header_of(FileLayout const& file, std::span<SynthTensor const> tensors, DType dtype) {
  nlohmann::ordered_json json{{"__metadata__", {{"format", "pt"}}}};
  for (auto const& placed : file.tensors) {
    auto const& tensor = tensors[placed.tensor];
    json[tensor.name] = {{"dtype", name_of(dtype)},
                         {"shape", std::vector<std::uint64_t>(tensor.shape.begin(), tensor.shape.end())},
                         {"data_offsets", {placed.offset_bytes, placed.offset_bytes + placed.nbytes}}};
  }
  auto text = json.dump();
  text.resize(round_up(text.size(), sizeof(std::uint64_t)), ' ');
  std::uint64_t const length = text.size();
  std::string header(sizeof length, '\0');
  std::memcpy(header.data(), &length, sizeof length);
  return header + text;
}

}  // namespace

std::vector<FileLayout> lay_out(std::span<SynthTensor const> tensors, DType dtype, Bytes shard_bytes) {
  std::vector<FileLayout> files(1);
  for (std::uint32_t number = 0; number < tensors.size(); ++number) {
    auto const nbytes = volume(tensors[number].shape) * size_of(dtype);
    if (!files.back().tensors.empty() && files.back().size_bytes + nbytes > shard_bytes) files.emplace_back();
    auto& file = files.back();
    file.tensors.push_back({number, file.size_bytes, nbytes});
    file.size_bytes += nbytes;
  }
  for (std::size_t number = 0; number < files.size(); ++number) {
    auto& file = files[number];
    file.name = file_name(number, files.size());
    file.header = header_of(file, tensors, dtype);
    file.size_bytes += file.header.size();
    for (auto& placed : file.tensors) placed.offset_bytes += file.header.size();
  }
  return files;
}

std::string index_json(std::span<FileLayout const> files, std::span<SynthTensor const> tensors) {
  nlohmann::json json;
  Bytes total = 0;
  for (auto const& file : files) {
    for (auto const& placed : file.tensors) {
      json["weight_map"][tensors[placed.tensor].name] = file.name;
      total += placed.nbytes;
    }
  }
  json["metadata"]["total_size"] = total;
  return json.dump(2) + "\n";
}

}  // namespace distload::synth
