/// Parses the header of a safetensors file from unchecked bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// The format's limit; larger headers are refused.
inline constexpr Bytes kMaxSafetensorsHeaderBytes = 100'000'000;

/// The key of the header that names no tensor.
inline constexpr char const* kSafetensorsMetadataKey = "__metadata__";

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;            ///< of types smaller than a byte, in units of whole bytes
  Bytes begin_bytes = 0;  ///< in the data section
  Bytes end_bytes = 0;
  /// Why the tensor cannot be loaded, e.g. "has dtype 'F5', which is not known"; empty if it can. Its dtype and shape
  /// mean nothing.
  std::string unreadable;
};

/// The tensors of a header, sorted by offset. They fill `data_bytes` without overlaps and gaps.
///
/// @param data_bytes  nothing: the size of the data follows from the header
/// @param json   the text of the header, without the length field
/// @param file   for messages
/// @throws CorruptData  naming file, tensor and cause: invalid JSON or structure, a duplicate or unsafe name, or sizes
///                      and offsets that are negative, fractional, overflow, overlap, leave a gap or exceed the file.
std::vector<SafetensorsEntry> parse_safetensors_header(std::span<char const> json, std::optional<Bytes> data_bytes,
                                                       std::string const& file);

}  // namespace distload
