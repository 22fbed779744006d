# distload_link_kokkos_without_driver(<library>): Kokkos calls three functions of the CUDA driver and therefore links to libcuda.so.1,
# without which no program would start, not even on login nodes that only plan. <library> has these functions and finds the
# driver at run time (src/device/cuda/driver_functions.cpp). A shared Kokkos is already linked to the driver; it stays so.
function(distload_link_kokkos_without_driver library)
  if(NOT TARGET Kokkos::CUDA OR NOT TARGET Kokkos::kokkoscore)
    return()
  endif()
  get_target_property(type Kokkos::kokkoscore TYPE)
  if(type STREQUAL SHARED_LIBRARY)
    message(STATUS "distload: Kokkos is a shared library, so programs need the NVIDIA driver to start")
    return()
  endif()
  get_target_property(libraries Kokkos::CUDA INTERFACE_LINK_LIBRARIES)
  list(TRANSFORM libraries REPLACE "^CUDA::cuda_driver$" "${library}")
  set_target_properties(Kokkos::CUDA PROPERTIES INTERFACE_LINK_LIBRARIES "${libraries}")
endfunction()
