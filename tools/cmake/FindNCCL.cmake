# Finds the header of NVIDIA's collective communication library, and CUDA's, which it includes: target distload::nccl. The library is
# loaded at run time; NCCL_LIBRARY, if there is one here, is where programs look if the system does not know it.
find_package(CUDAToolkit QUIET)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_library(NCCL_LIBRARY NAMES libnccl.so.2 nccl HINTS ${CUDAToolkit_LIBRARY_DIR} "${CUDAToolkit_LIBRARY_ROOT}/lib")
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL
  REQUIRED_VARS NCCL_INCLUDE_DIR CUDAToolkit_FOUND
  REASON_FAILURE_MESSAGE "set NCCL_ROOT to NVIDIA's NCCL")

if(NCCL_FOUND AND NOT TARGET distload::nccl)
  add_library(distload::nccl INTERFACE IMPORTED)
  set_target_properties(distload::nccl PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${NCCL_INCLUDE_DIR};${CUDAToolkit_INCLUDE_DIRS}")
endif()
