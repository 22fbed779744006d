// Property lists of collective transfers.
#include "io/mpi/collective_transfer.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "checkpoint/hdf5/property_list.hpp"

namespace distload {

void read_metadata_collectively(hdf5::PropertyListView access_list) {
  DISTLOAD_HDF5(hdf5::kNoFile, H5Pset_all_coll_metadata_ops(access_list.id(), true));
}

hdf5::PropertyList one_call_transfer() {
  auto list = hdf5::transfer(hdf5::Transfer::collective);
  // Setting it avoids the all-reduce by which HDF5 would decide.
  DISTLOAD_HDF5(hdf5::kNoFile, H5Pset_dxpl_mpio_chunk_opt(list.view().id(), H5FD_MPIO_CHUNK_ONE_IO));
  return list;
}

std::optional<std::string> why_not_collective(hdf5::PropertyListView transfer_list) {
  std::uint32_t here = 0;
  std::uint32_t anywhere = 0;
  DISTLOAD_HDF5(hdf5::kNoFile, H5Pget_mpio_no_collective_cause(transfer_list.id(), &here, &anywhere));
  if (anywhere == 0) return std::nullopt;
  static constexpr std::array<std::pair<std::uint32_t, char const*>, 7> kCauses{{
      {H5D_MPIO_SET_INDEPENDENT, "it was not asked for"},
      {H5D_MPIO_DATATYPE_CONVERSION, "elements are converted"},
      {H5D_MPIO_DATA_TRANSFORMS, "elements are transformed"},
      {H5D_MPIO_MPI_OPT_TYPES_ENV_VAR_DISABLED, "HDF5_MPI_OPT_TYPES switches it off"},
      {H5D_MPIO_NOT_SIMPLE_OR_SCALAR_DATASPACES, "the dataspace has no elements"},
      {H5D_MPIO_NOT_CONTIGUOUS_OR_CHUNKED_DATASET, "the dataset is neither contiguous nor chunked"},
      {H5D_MPIO_PARALLEL_FILTERED_WRITES_DISABLED, "the dataset is filtered"},
  }};
  for (auto const& [bit, text] : kCauses)
    if ((anywhere & bit) != 0) return text;
  return "cause " + std::to_string(anywhere);
}

}  // namespace distload
