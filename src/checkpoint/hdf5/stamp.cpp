// Stores and checks the stamp.
#include "checkpoint/hdf5/stamp.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/system.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/property_list.hpp"

namespace distload::hdf5 {
namespace {

Datatype stamp_type() {
  Datatype type(DISTLOAD_HDF5(kNoFile, H5Tcreate(H5T_COMPOUND, sizeof(Stamp))));
  auto const insert = [&](char const* name, std::size_t offset) {
    DISTLOAD_HDF5(kNoFile, H5Tinsert(type.view().id(), name, offset, H5T_STD_U64LE));
  };
  insert("file_bytes", offsetof(Stamp, file_bytes));
  insert("metadata_bytes", offsetof(Stamp, metadata_bytes));
  insert("metadata_xxh3_64", offsetof(Stamp, metadata_hash));
  insert("index_xxh3_64", offsetof(Stamp, index_hash));
  return type;
}

/// XXH3-64 of the first `nbytes`, read piece by piece to limit memory.
std::uint64_t hash_of_head(PlainFile& file, Bytes nbytes) {
  StreamHash hash;
  file.stream.clear();
  file.stream.seekg(0);
  std::vector<std::byte> bytes(std::min(nbytes, kMiB));
  for (auto rest = nbytes; rest > 0; rest -= bytes.size()) {
    bytes.resize(std::min<Bytes>(rest, bytes.size()));
    file.stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.stream)
      throw IoError(file.source.path + ": its first " + format_bytes(nbytes) + " cannot be read: " + system_reason());
    hash.update(bytes);
  }
  return hash.digest();
}

}  // namespace

void create_stamp(GroupView index) {
  create_dataset(index, kStamp, stamp_type().view(), make_space({}).view(), contiguous_creation().view());
}

std::optional<Stamp> read_stamp(GroupView index) {
  if (!has_link(index, kStamp)) return std::nullopt;
  auto const dataset = open_dataset(index, kStamp);
  auto const type = type_of(dataset.view());
  if (DISTLOAD_HDF5(index.id(), H5Tequal(type.view().id(), stamp_type().view().id())) == 0) return std::nullopt;
  if (axes_of(space_of(dataset.view()).view()) != 0) return std::nullopt;
  Stamp stamp;
  read_all(dataset.view(), &stamp);
  return stamp;
}

bool belongs_to_file(Stamp const& stamp, PlainFile& file) {
  auto const size = file.source.size_bytes;
  if (stamp.file_bytes != size || stamp.metadata_bytes > size) return false;
  return hash_of_head(file, stamp.metadata_bytes) == stamp.metadata_hash;
}

}  // namespace distload::hdf5
