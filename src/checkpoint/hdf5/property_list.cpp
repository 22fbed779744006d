// Checked calls on property lists.
#include "checkpoint/hdf5/property_list.hpp"

#include "checkpoint/hdf5/dataspace.hpp"

namespace distload::hdf5 {
namespace {

PropertyList make(hid_t property_class) { return PropertyList(DISTLOAD_HDF5(kNoFile, H5Pcreate(property_class))); }

PropertyList access() {
  start_library();
  auto list = make(H5P_FILE_ACCESS);
  auto const id = list.view().id();
  DISTLOAD_HDF5(kNoFile, H5Pset_libver_bounds(id, H5F_LIBVER_V110, H5F_LIBVER_V110));
  return list;
}

}  // namespace

PropertyList local_access() {
  auto list = access();
  // HDF5 ignores missing file locks: parallel file systems often do not support them.
  DISTLOAD_HDF5(kNoFile, H5Pset_file_locking(list.view().id(), true, true));
  return list;
}

PropertyList local_access(FilePlacement const& placement) {
  auto list = local_access();
  auto const id = list.view().id();
  DISTLOAD_HDF5(kNoFile, H5Pset_alignment(id, placement.alignment, placement.alignment));
  DISTLOAD_HDF5(kNoFile, H5Pset_meta_block_size(id, placement.metadata_block));
  return list;
}

PropertyList shared_access(MPI_Comm ranks, MPI_Info hints) {
  auto list = access();
  DISTLOAD_HDF5(kNoFile, H5Pset_fapl_mpio(list.view().id(), ranks, hints));
  return list;
}

PropertyList file_creation() {
  start_library();
  auto list = make(H5P_FILE_CREATE);
  auto const id = list.view().id();
  constexpr unsigned kCompactAttributes = 64;
  DISTLOAD_HDF5(kNoFile, H5Pset_attr_phase_change(id, kCompactAttributes, 0));
  DISTLOAD_HDF5(kNoFile, H5Pset_obj_track_times(id, false));
  return list;
}

PropertyList group_creation() {
  start_library();
  auto list = make(H5P_GROUP_CREATE);
  DISTLOAD_HDF5(kNoFile, H5Pset_obj_track_times(list.view().id(), false));
  return list;
}

PropertyList contiguous_creation() {
  start_library();
  auto list = make(H5P_DATASET_CREATE);
  auto const id = list.view().id();
  DISTLOAD_HDF5(kNoFile, H5Pset_alloc_time(id, H5D_ALLOC_TIME_EARLY));
  DISTLOAD_HDF5(kNoFile, H5Pset_fill_time(id, H5D_FILL_TIME_NEVER));
  DISTLOAD_HDF5(kNoFile, H5Pset_obj_track_times(id, false));
  return list;
}

PropertyList chunked_creation(Dims const& chunk) {
  auto list = contiguous_creation();
  auto const sizes = to_hdf(chunk);
  DISTLOAD_HDF5(kNoFile, H5Pset_chunk(list.view().id(), static_cast<int>(chunk.size()), sizes.data()));
  return list;
}

PropertyList transfer(Transfer mode) {
  start_library();
  auto list = make(H5P_DATASET_XFER);
  if (mode == Transfer::collective) {
    DISTLOAD_HDF5(kNoFile, H5Pset_dxpl_mpio(list.view().id(), H5FD_MPIO_COLLECTIVE));
  }
  return list;
}

}  // namespace distload::hdf5
