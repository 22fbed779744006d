// Checked calls on attributes.
#include "checkpoint/hdf5/attribute.hpp"

#include <algorithm>
#include <cstring>

#include "checkpoint/hdf5/dataspace.hpp"

namespace distload::hdf5 {
namespace {

Attribute create(hid_t object, char const* name, hid_t type) {
  auto const scalar = make_space({});
  return Attribute(DISTLOAD_HDF5(object, H5Acreate2(object, name, type, scalar.view().id(), H5P_DEFAULT, H5P_DEFAULT)));
}

std::optional<Attribute> open(hid_t object, char const* name) {
  if (DISTLOAD_HDF5(object, H5Aexists(object, name)) == 0) return std::nullopt;
  return Attribute(DISTLOAD_HDF5(object, H5Aopen(object, name, H5P_DEFAULT)));
}

bool is_single(AttributeView attribute) {
  Dataspace const space(DISTLOAD_HDF5(attribute.id(), H5Aget_space(attribute.id())));
  return DISTLOAD_HDF5(attribute.id(), H5Sget_simple_extent_npoints(space.view().id())) == 1;
}

std::string read_variable_text(AttributeView attribute) {
  Datatype const type(DISTLOAD_HDF5(attribute.id(), H5Aget_type(attribute.id())));
  char* text = nullptr;
  DISTLOAD_HDF5(attribute.id(), H5Aread(attribute.id(), type.view().id(), &text));
  std::string copy(text == nullptr ? "" : text, text == nullptr ? 0 : strnlen(text, kMaxTextBytes));
  H5free_memory(text);
  return copy;
}

std::string read_fixed_text(AttributeView attribute, DatatypeView type, std::size_t size) {
  std::string text(size, '\0');
  DISTLOAD_HDF5(attribute.id(), H5Aread(attribute.id(), type.id(), text.data()));
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

template <class Number>
std::optional<Number> get_as(hid_t object, char const* name, hid_t memory_type) {
  auto const attribute = open(object, name);
  if (!attribute || !is_single(attribute->view())) return std::nullopt;
  auto const id = attribute->view().id();
  Datatype const type(DISTLOAD_HDF5(id, H5Aget_type(id)));
  if (DISTLOAD_HDF5(id, H5Tget_class(type.view().id())) != H5T_INTEGER) return std::nullopt;
  Number value = 0;
  DISTLOAD_HDF5(id, H5Aread(id, memory_type, &value));
  return value;
}

}  // namespace

void put_text(hid_t object, char const* name, std::string_view text) {
  // HDF5 has no strings of zero bytes: an empty text is stored as a single NUL.
  std::string const padded = text.empty() ? std::string(1, '\0') : std::string(text);
  Datatype const type(DISTLOAD_HDF5(object, H5Tcopy(H5T_C_S1)));
  auto const id = type.view().id();
  DISTLOAD_HDF5(object, H5Tset_size(id, padded.size()));
  DISTLOAD_HDF5(object, H5Tset_strpad(id, H5T_STR_NULLPAD));
  DISTLOAD_HDF5(object, H5Tset_cset(id, H5T_CSET_UTF8));
  auto const attribute = create(object, name, id);
  DISTLOAD_HDF5(object, H5Awrite(attribute.view().id(), id, padded.data()));
}

void put_number(hid_t object, char const* name, std::uint64_t value) {
  auto const attribute = create(object, name, H5T_STD_U64LE);
  DISTLOAD_HDF5(object, H5Awrite(attribute.view().id(), H5T_NATIVE_UINT64, &value));
}

void put_signed(hid_t object, char const* name, std::int64_t value) {
  auto const attribute = create(object, name, H5T_STD_I64LE);
  DISTLOAD_HDF5(object, H5Awrite(attribute.view().id(), H5T_NATIVE_INT64, &value));
}

void overwrite_number(hid_t object, char const* name, std::uint64_t value) {
  Attribute const attribute(DISTLOAD_HDF5(object, H5Aopen(object, name, H5P_DEFAULT)));
  DISTLOAD_HDF5(object, H5Awrite(attribute.view().id(), H5T_NATIVE_UINT64, &value));
}

std::optional<std::string> get_text(hid_t object, char const* name) {
  auto const attribute = open(object, name);
  if (!attribute || !is_single(attribute->view())) return std::nullopt;
  auto const id = attribute->view().id();
  Datatype const type(DISTLOAD_HDF5(id, H5Aget_type(id)));
  if (DISTLOAD_HDF5(id, H5Tget_class(type.view().id())) != H5T_STRING) return std::nullopt;
  if (DISTLOAD_HDF5(id, H5Tis_variable_str(type.view().id())) > 0) return read_variable_text(attribute->view());
  auto const size = H5Tget_size(type.view().id());
  if (size > kMaxTextBytes) return std::nullopt;
  return read_fixed_text(attribute->view(), type.view(), size);
}

std::optional<std::uint64_t> get_number(hid_t object, char const* name) {
  return get_as<std::uint64_t>(object, name, H5T_NATIVE_UINT64);
}

std::optional<std::int64_t> get_signed(hid_t object, char const* name) {
  return get_as<std::int64_t>(object, name, H5T_NATIVE_INT64);
}

std::vector<std::string> attribute_names(hid_t object) {
  std::vector<std::string> names;
  auto const collect = [](hid_t, char const* name, H5A_info_t const*, void* context) -> herr_t {
    try {
      static_cast<std::vector<std::string>*>(context)->emplace_back(name);
      return 0;
    } catch (...) {
      return -1;  // exceptions must not propagate through HDF5's C code
    }
  };
  hsize_t position = 0;
  DISTLOAD_HDF5(object, H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect, &names));
  std::ranges::sort(names);
  return names;
}

}  // namespace distload::hdf5
