# Finds the C library of an HDF5 that was built with MPI: target distload::hdf5.
set(HDF5_PREFER_PARALLEL TRUE)
find_package(HDF5 QUIET COMPONENTS C)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ParallelHDF5
  REQUIRED_VARS HDF5_C_LIBRARIES HDF5_C_INCLUDE_DIRS HDF5_IS_PARALLEL
  VERSION_VAR HDF5_VERSION
  REASON_FAILURE_MESSAGE "install an HDF5 built with MPI (Debian: libhdf5-openmpi-dev) or set HDF5_ROOT")

if(ParallelHDF5_FOUND AND NOT TARGET distload::hdf5)
  # h5pcc lists all dependencies of a static HDF5; the shared library loads its own.
  list(GET HDF5_C_LIBRARIES 0 hdf5_library)
  if(hdf5_library MATCHES "\\.so")
    set(HDF5_C_LIBRARIES "${hdf5_library}")
  endif()
  add_library(distload::hdf5 INTERFACE IMPORTED)
  set_target_properties(distload::hdf5 PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${HDF5_C_INCLUDE_DIRS}"
    INTERFACE_LINK_LIBRARIES "${HDF5_C_LIBRARIES}")
endif()
