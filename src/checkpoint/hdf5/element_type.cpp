// The table of HDF5 types. Types are recognised by structure, since files of other writers do not name them.
#include "checkpoint/hdf5/element_type.hpp"

#include <array>
#include <cstdint>

namespace distload::hdf5 {
namespace {

/// The bit fields of a small IEEE-like float: the mantissa at bit 0, then the exponent, then the sign.
struct FloatFields {
  std::size_t exponent_bits;
  std::size_t mantissa_bits;
  std::size_t exponent_bias;

  friend bool operator==(FloatFields const&, FloatFields const&) = default;
};

constexpr FloatFields kHalf{5, 10, 15};
constexpr FloatFields kBrain{8, 7, 127};

Datatype copy_of(hid_t type) { return Datatype(DISTLOAD_HDF5(kNoFile, H5Tcopy(type))); }

Datatype make_float16(FloatFields const& fields) {
  auto type = copy_of(H5T_IEEE_F32LE);
  auto const id = type.view().id();
  // The fields are set before the size: HDF5 refuses a size too small for the current fields.
  DISTLOAD_HDF5(kNoFile, H5Tset_fields(id, 15, fields.mantissa_bits, fields.exponent_bits, 0, fields.mantissa_bits));
  DISTLOAD_HDF5(kNoFile, H5Tset_size(id, 2));
  DISTLOAD_HDF5(kNoFile, H5Tset_ebias(id, fields.exponent_bias));
  return type;
}

Datatype make_opaque(DType dtype) {
  Datatype type(DISTLOAD_HDF5(kNoFile, H5Tcreate(H5T_OPAQUE, size_of(dtype))));
  DISTLOAD_HDF5(kNoFile, H5Tset_tag(type.view().id(), std::string(name_of(dtype)).c_str()));
  return type;
}

Datatype make_boolean() {
  Datatype type(DISTLOAD_HDF5(kNoFile, H5Tenum_create(H5T_STD_I8LE)));
  std::int8_t value = 0;
  for (char const* const name : {"FALSE", "TRUE"}) {
    DISTLOAD_HDF5(kNoFile, H5Tenum_insert(type.view().id(), name, &value));
    ++value;
  }
  return type;
}

bool is_equal(DatatypeView type, hid_t other) { return DISTLOAD_HDF5(kNoFile, H5Tequal(type.id(), other)) > 0; }

ElementType number(DType dtype) { return {.dtype = dtype, .is_number = true, .problem = {}}; }
ElementType unsupported_number(std::string problem) {
  return {.dtype = {}, .is_number = true, .problem = std::move(problem)};
}
ElementType no_number(std::string problem) { return {.dtype = {}, .is_number = false, .problem = std::move(problem)}; }

std::optional<FloatFields> float16_fields(hid_t type) {
  std::size_t sign = 0;
  std::size_t exponent_at = 0;
  std::size_t mantissa_at = 0;
  FloatFields fields{};
  DISTLOAD_HDF5(kNoFile,
                H5Tget_fields(type, &sign, &exponent_at, &fields.exponent_bits, &mantissa_at, &fields.mantissa_bits));
  if (sign != 15 || mantissa_at != 0 || exponent_at != fields.mantissa_bits) return std::nullopt;
  if (H5Tget_norm(type) != H5T_NORM_IMPLIED) return std::nullopt;
  fields.exponent_bias = H5Tget_ebias(type);
  return fields;
}

ElementType float_type(DatatypeView type) {
  auto const id = type.id();
  if (H5Tget_order(id) != H5T_ORDER_LE) return unsupported_number("big-endian numbers");
  if (is_equal(type, H5T_IEEE_F32LE)) return number(DType::f32);
  if (is_equal(type, H5T_IEEE_F64LE)) return number(DType::f64);
  if (H5Tget_size(id) == 2) {
    auto const fields = float16_fields(id);
    if (fields == kHalf) return number(DType::f16);
    if (fields == kBrain) return number(DType::bf16);
  }
  return unsupported_number("floating-point numbers of " + std::to_string(H5Tget_size(id)) +
                            " bytes in an unknown format");
}

ElementType integer_type(DatatypeView type) {
  if (H5Tget_order(type.id()) == H5T_ORDER_BE && H5Tget_size(type.id()) > 1) {
    return unsupported_number("big-endian numbers");
  }
  if (H5Tget_size(type.id()) == 1) {
    // A byte has no byte order, but HDF5 compares it.
    if (is_equal(type, H5T_STD_I8LE) || is_equal(type, H5T_STD_I8BE)) return number(DType::i8);
    if (is_equal(type, H5T_STD_U8LE) || is_equal(type, H5T_STD_U8BE)) return number(DType::u8);
  }
  std::array<std::pair<hid_t, DType>, 6> const kIntegers{{{H5T_STD_I64LE, DType::i64},
                                                          {H5T_STD_I32LE, DType::i32},
                                                          {H5T_STD_I16LE, DType::i16},
                                                          {H5T_STD_U64LE, DType::u64},
                                                          {H5T_STD_U32LE, DType::u32},
                                                          {H5T_STD_U16LE, DType::u16}}};
  for (auto const& [candidate, dtype] : kIntegers) {
    if (is_equal(type, candidate)) return number(dtype);
  }
  return unsupported_number("integers of an unusual width");
}

ElementType opaque_type(DatatypeView type) {
  auto* const tag = H5Tget_tag(type.id());
  std::optional<DType> const dtype = tag == nullptr ? std::nullopt : parse_dtype(tag);
  H5free_memory(tag);
  if (dtype && size_of(*dtype) == H5Tget_size(type.id())) return number(*dtype);
  return no_number("opaque bytes");
}

}  // namespace

Datatype make_element_type(DType dtype) {
  start_library();
  switch (dtype) {
    case DType::f64: return copy_of(H5T_IEEE_F64LE);
    case DType::f32: return copy_of(H5T_IEEE_F32LE);
    case DType::f16: return make_float16(kHalf);
    case DType::bf16: return make_float16(kBrain);
    case DType::i64: return copy_of(H5T_STD_I64LE);
    case DType::i32: return copy_of(H5T_STD_I32LE);
    case DType::i16: return copy_of(H5T_STD_I16LE);
    case DType::i8: return copy_of(H5T_STD_I8LE);
    case DType::u64: return copy_of(H5T_STD_U64LE);
    case DType::u32: return copy_of(H5T_STD_U32LE);
    case DType::u16: return copy_of(H5T_STD_U16LE);
    case DType::u8: return copy_of(H5T_STD_U8LE);
    case DType::boolean: return make_boolean();
    case DType::f8_e4m3:
    case DType::f8_e5m2:
    case DType::f8_e8m0:
    case DType::f8_e4m3fnuz:
    case DType::f8_e5m2fnuz:
    case DType::c64:
    case DType::c128:
    case DType::f4:
    case DType::f6_e2m3:
    case DType::f6_e3m2: break;
  }
  return make_opaque(dtype);
}

ElementType element_type_of(DatatypeView type) {
  switch (DISTLOAD_HDF5(kNoFile, H5Tget_class(type.id()))) {
    case H5T_FLOAT: return float_type(type);
    case H5T_INTEGER: return integer_type(type);
    case H5T_OPAQUE: return opaque_type(type);
    case H5T_ENUM:
      if (is_equal(type, make_boolean().view().id())) return number(DType::boolean);
      return no_number("an enumeration");
    case H5T_STRING: return no_number("text");
    case H5T_COMPOUND: return no_number("records (a compound type)");
    case H5T_VLEN: return no_number("sequences of variable length");
    case H5T_ARRAY: return no_number("arrays as elements");
    case H5T_REFERENCE: return no_number("references");
    default: return no_number("elements that are no numbers");
  }
}

}  // namespace distload::hdf5
