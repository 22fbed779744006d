// Types, encoding and decoding of index rows.
#include "checkpoint/hdf5/index_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload::hdf5 {
namespace {

// Rows are copied between file and memory without conversion.
static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kDTypeBytes = 8;
constexpr std::size_t kPartitionBytes = 16;

/// Builds a compound type whose members follow each other without gaps.
class RowType {
 public:
  void add(char const* name, hid_t type) {
    auto const size = H5Tget_size(type);
    DISTLOAD_HDF5(kNoFile, H5Tset_size(row_.view().id(), end_ + size));
    DISTLOAD_HDF5(kNoFile, H5Tinsert(row_.view().id(), name, end_, type));
    end_ += size;
  }
  void add_text(char const* name, std::size_t size) {
    Datatype const text(DISTLOAD_HDF5(kNoFile, H5Tcopy(H5T_C_S1)));
    auto const id = text.view().id();
    DISTLOAD_HDF5(kNoFile, H5Tset_size(id, size));
    DISTLOAD_HDF5(kNoFile, H5Tset_strpad(id, H5T_STR_NULLPAD));
    DISTLOAD_HDF5(kNoFile, H5Tset_cset(id, H5T_CSET_UTF8));
    add(name, id);
  }
  void add_dims(char const* name, std::size_t axes) {
    hsize_t const count = axes;
    Datatype const array(DISTLOAD_HDF5(kNoFile, H5Tarray_create2(H5T_STD_U64LE, 1, &count)));
    add(name, array.view().id());
  }
  Datatype take() { return std::move(row_); }

 private:
  Datatype row_{DISTLOAD_HDF5(kNoFile, H5Tcreate(H5T_COMPOUND, 1))};
  std::size_t end_ = 0;
};

std::size_t tensor_row_bytes(RowSizes const& sizes) {
  return sizes.name_bytes + kDTypeBytes + 4 + sizes.axes * 8 + 4 + 4 + kPartitionBytes + 4;
}

std::size_t extent_row_bytes(RowSizes const& sizes) { return 4 + 8 + 8 + 2 * sizes.axes * 8 + 4; }

class RowWriter {
 public:
  explicit RowWriter(std::size_t nbytes) { bytes_.reserve(nbytes); }
  template <class Number>
  void put(Number value) {
    append(&value, sizeof value, sizeof value);
  }
  void put_text(std::string_view text, std::size_t size) { append(text.data(), std::min(text.size(), size), size); }
  void put_dims(Dims const& dims, std::size_t axes) {
    for (std::size_t axis = 0; axis < axes; ++axis) put(axis < dims.size() ? dims[axis] : std::uint64_t{0});
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void append(void const* data, std::size_t used, std::size_t size) {
    auto const* const begin = static_cast<std::byte const*>(data);
    bytes_.insert(bytes_.end(), begin, begin + used);
    bytes_.resize(bytes_.size() + size - used);
  }
  std::vector<std::byte> bytes_;
};

class RowReader {
 public:
  explicit RowReader(std::span<std::byte const> bytes) : rest_(bytes) {}
  template <class Number>
  Number get() {
    Number value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return value;
  }
  std::string_view get_text(std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return text.substr(0, std::min(text.find('\0'), size));
  }
  Dims get_dims(std::size_t used, std::size_t axes) {
    Dims dims;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      auto const value = get<std::uint64_t>();
      if (axis < used) dims.push_back(value);
    }
    return dims;
  }

 private:
  std::span<std::byte const> rest_;
};

constexpr std::string_view kLeftOut = "F8_";

/// A dtype's name in a row: without kLeftOut if it is too long.
std::string_view short_name_of(DType dtype) {
  auto const name = name_of(dtype);
  return name.size() > kDTypeBytes ? name.substr(kLeftOut.size()) : name;
}

std::optional<DType> parse_short_name(std::string_view name) {
  if (auto const dtype = parse_dtype(name)) return dtype;
  auto const whole = std::string(kLeftOut).append(name);
  return whole.size() > kDTypeBytes ? parse_dtype(whole) : std::nullopt;
}

}  // namespace

RowSizes row_sizes_of(Catalog const& catalog) {
  RowSizes sizes;
  for (auto const& tensor : catalog.tensors) {
    sizes.name_bytes = std::max(sizes.name_bytes, tensor.name.size());
    sizes.axes = std::max(sizes.axes, tensor.shape.size());
  }
  return sizes;
}

Datatype tensor_row_type(RowSizes const& sizes) {
  RowType row;
  row.add_text("name", sizes.name_bytes);
  row.add_text("dtype", kDTypeBytes);
  row.add("axes", H5T_STD_U32LE);
  row.add_dims("shape", sizes.axes);
  row.add("first_extent", H5T_STD_U32LE);
  row.add("extent_count", H5T_STD_U32LE);
  row.add_text("partition", kPartitionBytes);
  row.add("axis", H5T_STD_I32LE);
  return row.take();
}

Datatype extent_row_type(RowSizes const& sizes) {
  RowType row;
  row.add("tensor", H5T_STD_U32LE);
  row.add("offset_bytes", H5T_STD_U64LE);
  row.add("nbytes", H5T_STD_U64LE);
  row.add_dims("box_offset", sizes.axes);
  row.add_dims("box_extent", sizes.axes);
  row.add("first_block", H5T_STD_U32LE);
  return row.take();
}

std::optional<RowSizes> row_sizes_of(DatatypeView type) {
  constexpr unsigned kNameMember = 0;
  constexpr unsigned kShapeMember = 3;
  if (DISTLOAD_HDF5(kNoFile, H5Tget_class(type.id())) != H5T_COMPOUND) return std::nullopt;
  if (DISTLOAD_HDF5(kNoFile, H5Tget_nmembers(type.id())) <= static_cast<int>(kShapeMember)) return std::nullopt;
  Datatype const name(DISTLOAD_HDF5(kNoFile, H5Tget_member_type(type.id(), kNameMember)));
  Datatype const shape(DISTLOAD_HDF5(kNoFile, H5Tget_member_type(type.id(), kShapeMember)));
  if (DISTLOAD_HDF5(kNoFile, H5Tget_class(shape.view().id())) != H5T_ARRAY) return std::nullopt;
  RowSizes const sizes{H5Tget_size(name.view().id()), H5Tget_size(shape.view().id()) / sizeof(std::uint64_t)};
  if (sizes.axes == 0 || sizes.axes > kMaxAxes) return std::nullopt;
  if (DISTLOAD_HDF5(kNoFile, H5Tequal(type.id(), tensor_row_type(sizes).view().id())) == 0) return std::nullopt;
  return sizes;
}

std::vector<std::byte> encode_tensors(Catalog const& catalog, RowSizes const& sizes) {
  RowWriter rows(catalog.tensors.size() * tensor_row_bytes(sizes));
  for (auto const& tensor : catalog.tensors) {
    rows.put_text(tensor.name, sizes.name_bytes);
    rows.put_text(short_name_of(tensor.dtype), kDTypeBytes);
    rows.put(static_cast<std::uint32_t>(tensor.shape.size()));
    rows.put_dims(tensor.shape, sizes.axes);
    rows.put(tensor.first_extent);
    rows.put(tensor.extent_count);
    rows.put_text(tensor.partition, kPartitionBytes);
    rows.put(tensor.axis);
  }
  return rows.take();
}

std::vector<std::byte> encode_extents(Catalog const& catalog, RowSizes const& sizes) {
  RowWriter rows(catalog.extents.size() * extent_row_bytes(sizes));
  for (auto const& extent : catalog.extents) {
    rows.put(extent.tensor);
    rows.put(extent.offset_bytes);
    rows.put(extent.nbytes);
    rows.put_dims(extent.box.offset, sizes.axes);
    rows.put_dims(extent.box.extent, sizes.axes);
    rows.put(extent.first_block);
  }
  return rows.take();
}

std::vector<TensorInfo> decode_tensors(std::span<std::byte const> bytes, RowSizes const& sizes,
                                       std::string const& path) {
  std::vector<TensorInfo> tensors(bytes.size() / tensor_row_bytes(sizes));
  RowReader rows(bytes);
  for (auto& tensor : tensors) {
    tensor.name = rows.get_text(sizes.name_bytes);
    auto const dtype_name = rows.get_text(kDTypeBytes);
    auto const dtype = parse_short_name(dtype_name);
    auto const axes = rows.get<std::uint32_t>();
    if (!dtype)
      throw CorruptData(path + ": tensor '" + printable(tensor.name) + "' has the unknown dtype '" +
                        printable(dtype_name) + "'");
    if (axes > sizes.axes)
      throw CorruptData(path + ": the index gives tensor '" + printable(tensor.name) + "' too many axes");
    tensor.dtype = *dtype;
    tensor.shape = rows.get_dims(axes, sizes.axes);
    tensor.first_extent = rows.get<std::uint32_t>();
    tensor.extent_count = rows.get<std::uint32_t>();
    tensor.partition = rows.get_text(kPartitionBytes);
    tensor.axis = rows.get<std::int32_t>();
  }
  return tensors;
}

std::vector<Extent> decode_extents(std::span<std::byte const> bytes, std::span<TensorInfo const> tensors,
                                   RowSizes const& sizes, std::string const& path) {
  std::vector<Extent> extents(bytes.size() / extent_row_bytes(sizes));
  RowReader rows(bytes);
  for (auto& extent : extents) {
    extent.tensor = rows.get<std::uint32_t>();
    if (extent.tensor >= tensors.size())
      throw CorruptData(path + ": the index has an extent of a tensor that it has not");
    auto const axes = tensors[extent.tensor].shape.size();
    extent.offset_bytes = rows.get<std::uint64_t>();
    extent.nbytes = rows.get<std::uint64_t>();
    extent.box.offset = rows.get_dims(axes, sizes.axes);
    extent.box.extent = rows.get_dims(axes, sizes.axes);
    extent.first_block = rows.get<std::uint32_t>();
  }
  return extents;
}

}  // namespace distload::hdf5
