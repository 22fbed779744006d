# Lets programs link the static library of HDF5, if there is one that links. A shared HDF5 loads further libraries, such as curl with its
# 25 dependencies, which takes as much time as loading a small model. Targets with the property DISTLOAD_STATIC_HDF5 use the static library;
# others, and programs that use an installed distload, use the shared one.
list(GET HDF5_C_LIBRARIES 0 hdf5_shared)
get_filename_component(hdf5_folder "${hdf5_shared}" DIRECTORY)
set(hdf5_static "${hdf5_folder}/libhdf5.a")
if(NOT hdf5_shared MATCHES "\\.so" OR NOT EXISTS "${hdf5_static}")
  return()
endif()

# A program of distload uses no driver for the web, so that the linker leaves it out, and what it needs.
add_library(distload::hdf5_static STATIC IMPORTED)
set(dependencies MPI::MPI_C)
foreach(name sz z dl m)
  if(HDF5_C_LIBRARY_${name})
    list(APPEND dependencies "${HDF5_C_LIBRARY_${name}}")
  endif()
endforeach()
set_target_properties(distload::hdf5_static PROPERTIES
  IMPORTED_LOCATION "${hdf5_static}"
  INTERFACE_INCLUDE_DIRECTORIES "${HDF5_C_INCLUDE_DIRS}"
  INTERFACE_LINK_LIBRARIES "${dependencies}")

if(NOT DEFINED DISTLOAD_STATIC_HDF5_LINKS)
  set(source "${PROJECT_BINARY_DIR}/CMakeFiles/static_hdf5.c")
  file(WRITE "${source}" "#include <hdf5.h>\nint main(void) { return H5open() < 0 || H5Fopen(\"x\", H5F_ACC_RDONLY, H5Pcreate(H5P_FILE_ACCESS)) < 0; }\n")
  try_compile(DISTLOAD_STATIC_HDF5_LINKS "${PROJECT_BINARY_DIR}/CMakeFiles/static_hdf5" "${source}" LINK_LIBRARIES distload::hdf5_static)
  if(DISTLOAD_STATIC_HDF5_LINKS)
    message(STATUS "Programs link the static HDF5 ${hdf5_static}")
  endif()
endif()
if(DISTLOAD_STATIC_HDF5_LINKS)
  set(is_static "$<BOOL:$<TARGET_PROPERTY:DISTLOAD_STATIC_HDF5>>")
  set_target_properties(distload::hdf5 PROPERTIES
    INTERFACE_LINK_LIBRARIES "$<IF:${is_static},distload::hdf5_static,${hdf5_shared}>")
endif()
