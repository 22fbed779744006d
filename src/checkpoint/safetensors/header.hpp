/// The header of a safetensors file: parsed from unchecked bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// Larger headers are refused, as the format demands.
inline constexpr Bytes kMaxSafetensorsHeaderBytes = 100'000'000;

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  Bytes begin_bytes = 0;  ///< in the data section
  Bytes end_bytes = 0;
};

/// The tensors of a header, sorted by where they begin. They fill `data_bytes` without overlap and without a hole.
///
/// @param json   the header's text, without its length
/// @param file   for messages
/// @throws CorruptData  naming file, tensor and cause: not JSON of the right form, a duplicate or harmful name, an
/// unknown dtype, sizes or offsets that
///                      are negative, fractional, overflow, overlap, leave a hole or lie behind the end.
std::vector<SafetensorsEntry> parse_safetensors_header(std::span<char const> json, Bytes data_bytes,
                                                       std::string const& file);

}  // namespace distload
