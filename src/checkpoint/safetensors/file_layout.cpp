// Headers and index of safetensors files.
#include "checkpoint/safetensors/file_layout.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <tuple>

#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/safetensors/header.hpp"

namespace distload {
namespace {

/// File names of a model as in transformers.
std::string file_name(std::size_t number, std::size_t count) {
  if (count == 1) return "model.safetensors";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "model-%05zu-of-%05zu.safetensors", number + 1, count);
  return text.data();
}

/// Rank of `dtype` in the order of tensors in a file of the safetensors library: its `Dtype` in reverse.
std::size_t place_of(DType dtype) {
  constexpr std::array kOrder{DType::c128,        DType::u64,     DType::i64,     DType::f64,     DType::c64,
                              DType::f32,         DType::u32,     DType::i32,     DType::bf16,    DType::f16,
                              DType::u16,         DType::i16,     DType::f8_e8m0, DType::f8_e4m3, DType::f8_e5m2fnuz,
                              DType::f8_e4m3fnuz, DType::f8_e5m2, DType::i8,      DType::u8,      DType::f6_e3m2,
                              DType::f6_e2m3,     DType::f4,      DType::boolean};
  return static_cast<std::size_t>(std::ranges::find(kOrder, dtype) - kOrder.begin());
}

/// Sorts the tensors of a file and sets their offsets. On entry, offsets and size refer to the data alone.
void arrange(SafetensorsFile& file, std::span<SafetensorsTensor const> tensors) {
  std::ranges::sort(file.tensors, {}, [&](PlacedTensor const& placed) {
    auto const& tensor = tensors[placed.tensor];
    return std::tuple(place_of(tensor.dtype), std::string_view(tensor.name));
  });
  Bytes at = 0;
  for (auto& placed : file.tensors) {
    placed.offset_bytes = at;
    at += placed.nbytes;
  }
}

/// Length and JSON, padded with spaces to align the data.
std::string header_of(SafetensorsFile const& file, std::span<SafetensorsTensor const> tensors) {
  auto text = nlohmann::json{{kSafetensorsMetadataKey, {{"format", "pt"}}}}.dump();
  text.pop_back();
  for (auto const& placed : file.tensors) {
    auto const& tensor = tensors[placed.tensor];
    auto const shape = shape_in_numbers(tensor.dtype, tensor.shape);
    nlohmann::ordered_json const entry{{"dtype", name_of(tensor.dtype)},
                                       {"shape", std::vector<std::uint64_t>(shape.begin(), shape.end())},
                                       {"data_offsets", {placed.offset_bytes, placed.offset_bytes + placed.nbytes}}};
    text.append(",").append(nlohmann::json(tensor.name).dump()).append(":").append(entry.dump());
  }
  text.append("}");
  text.resize(round_up(text.size(), sizeof(std::uint64_t)), ' ');
  std::uint64_t const length = text.size();
  std::string header(sizeof length, '\0');
  std::memcpy(header.data(), &length, sizeof length);
  return header + text;
}

}  // namespace

bool is_safetensors_name(std::string const& name) {
  try {
    static_cast<void>(nlohmann::json(name).dump());
    return name != kSafetensorsMetadataKey;
  } catch (nlohmann::json::type_error const&) {
    return false;  // not UTF-8
  }
}

std::vector<SafetensorsFile> lay_out_safetensors(std::span<SafetensorsTensor const> tensors, Bytes shard_bytes) {
  std::vector<SafetensorsFile> files(1);
  for (std::uint32_t number = 0; number < tensors.size(); ++number) {
    if (auto const& name = tensors[number].name; !is_safetensors_name(name)) {
      throw ConfigError("a tensor cannot be named '" + printable(name) + "' in safetensors");
    }
    auto const nbytes = volume(tensors[number].shape) * size_of(tensors[number].dtype);
    if (!files.back().tensors.empty() && files.back().size_bytes + nbytes > shard_bytes) files.emplace_back();
    auto& file = files.back();
    file.tensors.push_back({.tensor = number, .nbytes = nbytes});
    file.size_bytes += nbytes;
  }
  for (std::size_t number = 0; number < files.size(); ++number) {
    auto& file = files[number];
    arrange(file, tensors);
    file.name = file_name(number, files.size());
    file.header = header_of(file, tensors);
    file.size_bytes += file.header.size();
    for (auto& placed : file.tensors) placed.offset_bytes += file.header.size();
  }
  return files;
}

std::string safetensors_index(std::span<SafetensorsFile const> files, std::span<SafetensorsTensor const> tensors) {
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

}  // namespace distload
