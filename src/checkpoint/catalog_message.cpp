// The catalog as a flat message.
#include "checkpoint/catalog_message.hpp"

#include <distload/base/error.hpp>

#include "base/wire.hpp"
#include "tensor/dims_wire.hpp"

namespace distload {
namespace {

constexpr auto kTextBytes = WireReader::kTextBytes;

/// Room for metadata.
constexpr std::size_t kPageOfTexts = 16 * kKiB;

/// The smallest size of a tensor, with empty texts.
constexpr std::size_t kTensorBytes =
    2 * kTextBytes + sizeof(DType) + kWireDimsBytes + 2 * sizeof(std::uint32_t) + sizeof(std::int32_t);

/// The smallest size of an extent: of a scalar.
constexpr std::size_t kExtentBytes = 3 * sizeof(std::uint32_t) + 2 * sizeof(Bytes) + 2 * kWireDimsBytes;

/// About the size of the message.
std::size_t expected_bytes(Catalog const& catalog) {
  constexpr std::size_t kAxes = 2;
  constexpr std::size_t kDims = kWireDimsBytes + kAxes * sizeof(std::uint64_t);
  std::size_t texts = 0;
  for (auto const& tensor : catalog.tensors) texts += tensor.name.size() + tensor.partition.size();
  return texts + catalog.tensors.size() * (kTensorBytes + kDims) + catalog.extents.size() * (kExtentBytes + 2 * kDims) +
         catalog.block_hashes.size() * sizeof(std::uint64_t) + kPageOfTexts;
}

void put(WireWriter& out, CheckpointMetadata const& metadata) {
  out.put_text(metadata.model_name);
  out.put_text(metadata.architecture);
  out.put(metadata.model_size);
  out.put(metadata.step);
  out.put_text(metadata.created);
  out.put(metadata.tensor_parallel);
  out.put_text(metadata.writer);
  out.put_text(metadata.config_json);
  out.put(metadata.extra.size());
  for (auto const& [key, value] : metadata.extra) {
    out.put_text(key);
    out.put_text(value);
  }
  out.put(metadata.files.size());
  for (auto const& file : metadata.files) {
    out.put_text(file.name);
    out.put(file.nbytes);
    out.put(file.by_default);
    out.put_text(file.path);
    out.put(file.offset_bytes);
    out.put(file.modified);
    out.put(file.hash.has_value());
    out.put(file.hash.value_or(0));
  }
}

CarriedFile get_carried_file(WireReader& in) {
  CarriedFile file;
  file.name = in.get_text();
  file.nbytes = in.get<Bytes>();
  file.by_default = in.get<std::uint8_t>() != 0;
  file.path = in.get_text();
  file.offset_bytes = in.get<Bytes>();
  file.modified = in.get<std::int64_t>();
  bool const has_hash = in.get<std::uint8_t>() != 0;
  auto const hash = in.get<std::uint64_t>();
  if (has_hash) file.hash = hash;
  return file;
}

CheckpointMetadata get_metadata(WireReader& in) {
  CheckpointMetadata metadata;
  metadata.model_name = in.get_text();
  metadata.architecture = in.get_text();
  metadata.model_size = in.get<std::uint64_t>();
  metadata.step = in.get<std::uint64_t>();
  metadata.created = in.get_text();
  metadata.tensor_parallel = in.get<std::uint32_t>();
  metadata.writer = in.get_text();
  metadata.config_json = in.get_text();
  for (auto count = in.get_count(2 * kTextBytes); count > 0; --count) {
    auto key = in.get_text();
    metadata.extra.emplace(std::move(key), in.get_text());
  }
  for (auto count = in.get<std::size_t>(); count > 0; --count) metadata.files.push_back(get_carried_file(in));
  return metadata;
}

}  // namespace

std::vector<std::byte> serialize(Catalog const& catalog) {
  WireWriter out;
  serialize(catalog, out);
  return out.take();
}

void serialize(Catalog const& catalog, WireWriter& out) {
  out.reserve(expected_bytes(catalog));
  out.put(catalog.format);
  out.put_text(catalog.path);
  put(out, catalog.metadata);
  out.put(catalog.files.size());
  for (auto const& file : catalog.files) {
    out.put_text(file.path);
    out.put(file.size_bytes);
  }
  out.put(catalog.tensors.size());
  for (auto const& tensor : catalog.tensors) {
    out.put_text(tensor.name);
    out.put(tensor.dtype);
    put_dims(out, tensor.shape);
    out.put(tensor.first_extent);
    out.put(tensor.extent_count);
    out.put_text(tensor.partition);
    out.put(tensor.axis);
  }
  out.put(catalog.extents.size());
  // Member by member: most axes of the boxes in memory are unused.
  for (auto const& extent : catalog.extents) {
    out.put(extent.tensor);
    out.put(extent.file);
    out.put(extent.offset_bytes);
    out.put(extent.nbytes);
    put_dims(out, extent.box.offset);
    put_dims(out, extent.box.extent);
    out.put(extent.first_block);
  }
  out.put(catalog.block_bytes);
  out.put_all(catalog.block_hashes);
  out.put(catalog.warnings.size());
  for (auto const& warning : catalog.warnings) out.put_text(warning);
  out.put(catalog.unreadable.size());
  for (auto const& tensor : catalog.unreadable) {
    out.put_text(tensor.name);
    out.put_text(tensor.why);
    out.put(tensor.absent);
  }
  out.put(catalog.described);
}

Catalog deserialize_catalog(std::span<std::byte const> bytes) {
  WireReader in(bytes);
  Catalog catalog;
  catalog.format = in.get_enum(SourceFormat::safetensors);
  catalog.path = in.get_text();
  catalog.metadata = get_metadata(in);
  catalog.files.resize(in.get_count(kTextBytes + sizeof(Bytes)));
  for (auto& file : catalog.files) {
    file.path = in.get_text();
    file.size_bytes = in.get<Bytes>();
  }
  catalog.tensors.resize(in.get_count(kTensorBytes));
  for (auto& tensor : catalog.tensors) {
    tensor.name = in.get_text();
    tensor.dtype = in.get_enum(kLastDType);
    tensor.shape = get_dims(in);
    tensor.first_extent = in.get<std::uint32_t>();
    tensor.extent_count = in.get<std::uint32_t>();
    tensor.partition = in.get_text();
    tensor.axis = in.get<std::int32_t>();
  }
  catalog.extents.resize(in.get_count(kExtentBytes));
  for (auto& extent : catalog.extents) {
    extent.tensor = in.get<std::uint32_t>();
    extent.file = in.get<std::uint32_t>();
    extent.offset_bytes = in.get<Bytes>();
    extent.nbytes = in.get<Bytes>();
    extent.box.offset = get_dims(in);
    extent.box.extent = get_dims(in);
    extent.first_block = in.get<std::uint32_t>();
  }
  catalog.block_bytes = in.get<Bytes>();
  catalog.block_hashes = in.get_all<std::uint64_t>();
  catalog.warnings.resize(in.get_count(kTextBytes));
  for (auto& warning : catalog.warnings) warning = in.get_text();
  catalog.unreadable.resize(in.get_count(2 * kTextBytes + 1));
  for (auto& tensor : catalog.unreadable) {
    tensor.name = in.get_text();
    tensor.why = in.get_text();
    tensor.absent = in.get<std::uint8_t>() != 0;
  }
  catalog.described = in.get<std::uint8_t>() != 0;
  if (!in.at_end()) throw InternalError("a message between ranks is longer than it says");
  return catalog;
}

}  // namespace distload
