// Checked calls on datasets.
#include "checkpoint/hdf5/dataset.hpp"

#include <array>

#include "checkpoint/hdf5/dataspace.hpp"

namespace distload::hdf5 {
namespace {

Layout to_layout(H5D_layout_t layout) {
  switch (layout) {
    case H5D_CONTIGUOUS: return Layout::contiguous;
    case H5D_CHUNKED: return Layout::chunked;
    case H5D_COMPACT: return Layout::compact;
    default: return Layout::other;
  }
}

}  // namespace

Dataset create_dataset(GroupView parent, std::string const& name, DatatypeView type, DataspaceView space,
                       PropertyListView creation_list) {
  return Dataset(DISTLOAD_HDF5(parent.id(), H5Dcreate2(parent.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT,
                                                       creation_list.id(), H5P_DEFAULT)));
}

Dataset open_dataset(GroupView parent, std::string const& name) {
  return Dataset(DISTLOAD_HDF5(parent.id(), H5Dopen2(parent.id(), name.c_str(), H5P_DEFAULT)));
}

Datatype type_of(DatasetView dataset) { return Datatype(DISTLOAD_HDF5(dataset.id(), H5Dget_type(dataset.id()))); }

Dataspace space_of(DatasetView dataset) { return Dataspace(DISTLOAD_HDF5(dataset.id(), H5Dget_space(dataset.id()))); }

Storage storage_of(DatasetView dataset) {
  PropertyList const list(DISTLOAD_HDF5(dataset.id(), H5Dget_create_plist(dataset.id())));
  auto const id = list.view().id();
  Storage storage;
  storage.layout = to_layout(DISTLOAD_HDF5(dataset.id(), H5Pget_layout(id)));
  storage.filters = DISTLOAD_HDF5(dataset.id(), H5Pget_nfilters(id));
  storage.external_files = DISTLOAD_HDF5(dataset.id(), H5Pget_external_count(id));
  if (storage.layout == Layout::chunked) {
    std::array<hsize_t, kMaxAxes> sizes{};
    auto const axes = DISTLOAD_HDF5(dataset.id(), H5Pget_chunk(id, static_cast<int>(sizes.size()), sizes.data()));
    storage.chunk = from_hdf(sizes.data(), static_cast<std::size_t>(axes));
  }
  return storage;
}

std::optional<Bytes> offset_of(DatasetView dataset) {
  // HADDR_UNDEF can also mean an error, but this call has no cause of errors.
  auto const offset = H5Dget_offset(dataset.id());
  if (offset == HADDR_UNDEF) {
    H5Eclear2(H5E_DEFAULT);
    return std::nullopt;
  }
  return offset;
}

std::uint64_t chunk_count(DatasetView dataset, DataspaceView space) {
  hsize_t count = 0;
  DISTLOAD_HDF5(dataset.id(), H5Dget_num_chunks(dataset.id(), space.id(), &count));
  return count;
}

Chunk chunk_at(DatasetView dataset, DataspaceView space, std::uint64_t index) {
  std::array<hsize_t, H5S_MAX_RANK> position{};
  unsigned filter_mask = 0;
  haddr_t address = 0;
  hsize_t nbytes = 0;
  DISTLOAD_HDF5(dataset.id(),
                H5Dget_chunk_info(dataset.id(), space.id(), index, position.data(), &filter_mask, &address, &nbytes));
  return {from_hdf(position.data(), static_cast<std::size_t>(axes_of(space))), address, nbytes};
}

void read(DatasetView dataset, DatatypeView memory_type, DataspaceView in_memory, DataspaceView in_file,
          PropertyListView transfer_list, void* destination) {
  DISTLOAD_HDF5(dataset.id(),
                H5Dread(dataset.id(), memory_type.id(), in_memory.id(), in_file.id(), transfer_list.id(), destination));
}

void write(DatasetView dataset, DatatypeView memory_type, DataspaceView in_memory, DataspaceView in_file,
           PropertyListView transfer_list, void const* source) {
  DISTLOAD_HDF5(dataset.id(),
                H5Dwrite(dataset.id(), memory_type.id(), in_memory.id(), in_file.id(), transfer_list.id(), source));
}

void read_all(DatasetView dataset, void* destination) {
  auto const type = type_of(dataset);
  DISTLOAD_HDF5(dataset.id(), H5Dread(dataset.id(), type.view().id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, destination));
}

void write_all(DatasetView dataset, void const* source) {
  auto const type = type_of(dataset);
  DISTLOAD_HDF5(dataset.id(), H5Dwrite(dataset.id(), type.view().id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, source));
}

}  // namespace distload::hdf5
