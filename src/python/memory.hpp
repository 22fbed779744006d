/// Memory: a row-major tensor in memory that this module owns or shares, and its way to and from other libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include <distload/base/dtype.hpp>
#include <distload/tensor/box.hpp>

namespace distload::python {

/// A row-major tensor, and what keeps its memory.
struct Memory {
  std::byte* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  std::optional<int> device;    ///< number of the GPU; nothing: host memory
  bool read_only = false;       ///< for those who get it by DLPack
  std::shared_ptr<void> owner;  ///< of `data`; freed by any thread, with or without the interpreter's lock
};

/// The capsule of `memory`: versioned if `max_version` is 1.0 or newer. Types that DLPack 1.0 has no code for are U8,
/// with the size of an element as a further factor of the last axis if that is more than a byte.
/// @throws BufferError  read-only memory for a library that asks for a version before 1.0.
nanobind::object to_dlpack(Memory memory, std::optional<std::pair<int, int>> max_version);

/// DLPack's type and number of the memory's device.
std::pair<int, int> dlpack_device(Memory const& memory) noexcept;

/// Where a tensor's memory has to be.
enum class Place : std::uint8_t {
  host,
  shards,  ///< where this build has shards: on the device if it is built for devices
};

/// The memory of any object with `__dlpack__`, which the result keeps.
/// @throws ConfigError  it is elsewhere, its elements do not lie row-major without gaps, or have a type without a name
/// in
///                      safetensors.
Memory from_dlpack(nanobind::object const& tensor, Place place);

/// New zero bytes on the host for a tensor of that type and shape.
Memory allocate(DType dtype, Shape const& shape);

}  // namespace distload::python
