// Exports and imports tensors by DLPack.
#include "python/memory.hpp"

#include <array>
#include <cstdlib>
#include <new>
#include <string>

#include <distload/base/error.hpp>

#include "device/survey.hpp"
#include "python/dlpack_abi.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

/// A type of DLPack, and how many of them an element has.
struct Exported {
  dlpack::DataType type;
  std::int64_t per_element = 1;
};

Exported exported(DType dtype) {
  auto const bits = static_cast<std::uint8_t>(8 * size_of(dtype));
  switch (dtype) {
    case DType::f64:
    case DType::f32:
    case DType::f16: return {{dlpack::kFloat, bits, 1}};
    case DType::bf16: return {{dlpack::kBfloat, bits, 1}};
    case DType::i64:
    case DType::i32:
    case DType::i16:
    case DType::i8: return {{dlpack::kInt, bits, 1}};
    case DType::u64:
    case DType::u32:
    case DType::u16:
    case DType::u8: return {{dlpack::kUInt, bits, 1}};
    case DType::boolean: return {{dlpack::kBool, bits, 1}};
    case DType::c64:
    case DType::c128: return {{dlpack::kComplex, bits, 1}};
    default: return {{dlpack::kUInt, 8, 1}, static_cast<std::int64_t>(size_of(dtype))};
  }
}

DType imported(dlpack::DataType type) {
  for (auto value = 0; value <= static_cast<int>(kLastDType); ++value) {
    auto const dtype = static_cast<DType>(value);
    auto const [known, per_element] = exported(dtype);
    bool const is_bytes = per_element != 1 || (known.code == dlpack::kUInt && known.bits == 8 && dtype != DType::u8);
    if (!is_bytes && known.code == type.code && known.bits == type.bits && type.lanes == 1) return dtype;
  }
  throw ConfigError("a tensor has DLPack's type (code " + std::to_string(type.code) + ", " + std::to_string(type.bits) +
                    " bits), which distload does not know; view it as uint8");
}

/// What a capsule owns.
template <class Managed>
struct Context {
  Memory memory;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  Managed managed{};
};

template <class Managed>
Context<Managed>* make_context(Memory&& memory) {
  auto context = std::make_unique<Context<Managed>>();
  auto const [type, per_element] = exported(memory.dtype);
  context->shape.assign(memory.shape.begin(), memory.shape.end());
  if (per_element != 1) {
    if (context->shape.empty()) context->shape.push_back(1);
    context->shape.back() *= per_element;
  }
  context->strides.resize(context->shape.size());
  std::int64_t stride = 1;
  for (auto axis = context->shape.size(); axis-- > 0;) {
    context->strides[axis] = stride;
    stride *= context->shape[axis];
  }
  auto const [device, number] = dlpack_device(memory);
  context->managed.tensor = {.data = memory.data,
                             .device = {device, number},
                             .axes = static_cast<std::int32_t>(context->shape.size()),
                             .dtype = type,
                             .shape = context->shape.data(),
                             .strides = context->strides.data(),
                             .byte_offset = 0};
  context->managed.context = context.get();
  context->managed.deleter = [](Managed* self) { delete static_cast<Context<Managed>*>(self->context); };
  context->memory = std::move(memory);
  return context.release();
}

/// Frees what no library has taken over.
template <class Managed>
void free_unused(PyObject* capsule, char const* name) noexcept {
  if (PyCapsule_IsValid(capsule, name) == 0) return;
  auto* const managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  managed->deleter(managed);
}

template <class Managed>
nb::object as_capsule(Managed& managed, char const* name, PyCapsule_Destructor destructor) {
  auto* const capsule = PyCapsule_New(&managed, name, destructor);
  if (capsule == nullptr) {
    managed.deleter(&managed);
    throw nb::python_error();
  }
  return nb::steal(capsule);
}

bool is_row_major(dlpack::Tensor const& tensor) {
  if (tensor.strides == nullptr) return true;
  std::int64_t stride = 1;
  for (auto axis = tensor.axes; axis-- > 0;) {
    if (tensor.shape[axis] == 0) return true;
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != stride) return false;
    stride *= tensor.shape[axis];
  }
  return true;
}

Memory described(dlpack::Tensor const& tensor, Place place, std::shared_ptr<void> owner) {
  if (!is_row_major(tensor)) {
    throw ConfigError("a tensor's elements do not lie row-major without gaps; make it contiguous");
  }
  bool const on_device = place == Place::shards && is_built_for_devices();
  if (tensor.device.type != (on_device ? dlpack::kCuda : dlpack::kCpu)) {
    throw ConfigError(std::string("a tensor is not in ") + (on_device ? "device" : "host") + " memory; copy it there");
  }
  Memory memory;
  memory.data = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  memory.dtype = imported(tensor.dtype);
  for (std::int32_t axis = 0; axis < tensor.axes; ++axis) {
    memory.shape.push_back(static_cast<std::uint64_t>(tensor.shape[axis]));
  }
  if (on_device) memory.device = tensor.device.number;
  memory.owner = std::move(owner);
  return memory;
}

/// Takes over what a capsule holds. The deleter of another library may need the interpreter's lock.
template <class Managed>
Memory taken(PyObject* capsule, char const* name, char const* used_name, Place place) {
  auto* const managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  if (managed == nullptr || PyCapsule_SetName(capsule, used_name) != 0) throw nb::python_error();
  std::shared_ptr<void> owner(managed, [](Managed* held) {
    nb::gil_scoped_acquire const lock;
    if (held->deleter != nullptr) held->deleter(held);
  });
  auto memory = described(managed->tensor, place, std::move(owner));
  if constexpr (std::is_same_v<Managed, dlpack::ManagedTensorVersioned>) {
    memory.read_only = (managed->flags & dlpack::kReadOnly) != 0;
  }
  return memory;
}

}  // namespace

std::pair<int, int> dlpack_device(Memory const& memory) noexcept {
  if (memory.device) return {dlpack::kCuda, *memory.device};
  return {dlpack::kCpu, 0};
}

nb::object to_dlpack(Memory memory, std::optional<std::pair<int, int>> max_version) {
  bool const read_only = memory.read_only;
  if (max_version && max_version->first >= 1) {
    auto* const context = make_context<dlpack::ManagedTensorVersioned>(std::move(memory));
    context->managed.version = {1, 0};
    context->managed.flags = read_only ? dlpack::kReadOnly : 0;
    return as_capsule(context->managed, dlpack::kVersionedCapsule, [](PyObject* capsule) {
      free_unused<dlpack::ManagedTensorVersioned>(capsule, dlpack::kVersionedCapsule);
    });
  }
  if (read_only) {
    throw nb::buffer_error(
        "the tensor is read-only, which only DLPack 1.0 can say: this library asks for an older version");
  }
  auto* const context = make_context<dlpack::ManagedTensor>(std::move(memory));
  return as_capsule(context->managed, dlpack::kCapsule,
                    [](PyObject* capsule) { free_unused<dlpack::ManagedTensor>(capsule, dlpack::kCapsule); });
}

Memory from_dlpack(nb::object const& tensor, Place place) {
  nb::object capsule;
  try {
    capsule = tensor.attr("__dlpack__")(nb::arg("max_version") = nb::make_tuple(1, 0));
  } catch (nb::python_error& error) {
    // Libraries of before DLPack 1.0 do not know the argument.
    if (!error.matches(PyExc_TypeError)) throw;
    capsule = tensor.attr("__dlpack__")();
  }
  if (PyCapsule_IsValid(capsule.ptr(), dlpack::kVersionedCapsule) != 0) {
    return taken<dlpack::ManagedTensorVersioned>(capsule.ptr(), dlpack::kVersionedCapsule,
                                                 dlpack::kUsedVersionedCapsule, place);
  }
  return taken<dlpack::ManagedTensor>(capsule.ptr(), dlpack::kCapsule, dlpack::kUsedCapsule, place);
}

Memory allocate(DType dtype, Shape const& shape) {
  auto const nbytes = volume(shape) * size_of(dtype);
  Memory memory;
  std::shared_ptr<void> owner(std::calloc(std::max<Bytes>(nbytes, 1), 1), &std::free);
  if (owner == nullptr) throw std::bad_alloc();
  memory.data = static_cast<std::byte*>(owner.get());
  memory.dtype = dtype;
  memory.shape = shape;
  memory.owner = std::move(owner);
  return memory;
}

}  // namespace distload::python
