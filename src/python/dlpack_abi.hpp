/// The structures of DLPack 1.0, the memory format in which Python's array libraries hand tensors to each other.
/// https://dmlc.github.io/dlpack/latest/c_api.html
#pragma once

#include <cstdint>

namespace distload::dlpack {

struct Version {
  std::uint32_t major;
  std::uint32_t minor;
};

enum DeviceType : std::int32_t { kCpu = 1, kCuda = 2 };

struct Device {
  std::int32_t type;
  std::int32_t number;
};

enum TypeCode : std::uint8_t { kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kComplex = 5, kBool = 6 };

struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t axes;
  DataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  ///< in elements
  std::uint64_t byte_offset;
};

/// Of DLPack before 1.0.
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor* self);
};

inline constexpr std::uint64_t kReadOnly = 1;

struct ManagedTensorVersioned {
  Version version;
  void* context;
  void (*deleter)(ManagedTensorVersioned* self);
  std::uint64_t flags;
  Tensor tensor;
};

/// Names of the capsules that carry them, before and after a library has taken them over.
inline constexpr char const* kCapsule = "dltensor";
inline constexpr char const* kUsedCapsule = "used_dltensor";
inline constexpr char const* kVersionedCapsule = "dltensor_versioned";
inline constexpr char const* kUsedVersionedCapsule = "used_dltensor_versioned";

}  // namespace distload::dlpack
