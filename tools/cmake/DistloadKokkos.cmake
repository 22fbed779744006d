# Finds Kokkos: an installed one (CMAKE_PREFIX_PATH, Kokkos_ROOT), otherwise the one that tools/kokkos.sh built in the user's cache.
if(DISTLOAD_ENABLE_CUDA)
  set(DISTLOAD_KOKKOS_VARIANT cuda)
else()
  set(DISTLOAD_KOKKOS_VARIANT host)
endif()
if(DEFINED ENV{XDG_CACHE_HOME})
  set(distload_cache "$ENV{XDG_CACHE_HOME}/distload")
else()
  set(distload_cache "$ENV{HOME}/.cache/distload")
endif()
set(distload_cached_kokkos "${distload_cache}/kokkos-4.7.0-${DISTLOAD_KOKKOS_VARIANT}")

find_package(Kokkos 4.5 QUIET)
if(NOT Kokkos_FOUND)
  find_package(Kokkos 4.5 QUIET PATHS "${distload_cached_kokkos}" NO_DEFAULT_PATH)
endif()
if(NOT Kokkos_FOUND)
  message(FATAL_ERROR "No Kokkos of version 4.5 or newer was found. Run tools/setup.sh (it runs tools/kokkos.sh "
                      "${DISTLOAD_KOKKOS_VARIANT}), or set Kokkos_ROOT to an installed one.")
endif()
if(DISTLOAD_ENABLE_CUDA AND NOT "CUDA" IN_LIST Kokkos_DEVICES)
  message(FATAL_ERROR "DISTLOAD_ENABLE_CUDA is on, but the Kokkos in ${Kokkos_DIR} was built without CUDA. "
                      "Set Kokkos_ROOT to one with CUDA, e.g. built by tools/kokkos.sh cuda.")
endif()
if(NOT DISTLOAD_ENABLE_CUDA AND "CUDA" IN_LIST Kokkos_DEVICES)
  # Shards would be in device memory, and MPI would get pointers to it.
  message(FATAL_ERROR "The Kokkos in ${Kokkos_DIR} was built with CUDA, but DISTLOAD_ENABLE_CUDA is off. Either build for GPUs: "
                      "cmake --preset cuda-release, or -DDISTLOAD_ENABLE_CUDA=ON; or set Kokkos_ROOT to a Kokkos without CUDA, "
                      "e.g. built by tools/kokkos.sh host: -DKokkos_ROOT=${distload_cached_kokkos}")
endif()
message(STATUS "Kokkos ${Kokkos_VERSION} (${Kokkos_DEVICES}): ${Kokkos_DIR}")

# Other users cannot read this user's cache. Therefore a Kokkos from the cache is installed with distload (DistloadInstall.cmake).
cmake_path(IS_PREFIX distload_cached_kokkos "${Kokkos_DIR}" NORMALIZE DISTLOAD_INSTALL_KOKKOS)
if(DISTLOAD_INSTALL_KOKKOS)
  set(DISTLOAD_KOKKOS_PREFIX "${distload_cached_kokkos}")
endif()

if(DISTLOAD_ENABLE_CUDA)
  # Device code calls members of std::array, which are constexpr functions.
  set_property(TARGET Kokkos::kokkos APPEND PROPERTY INTERFACE_COMPILE_OPTIONS --expt-relaxed-constexpr)

  include(DistloadDriver)
  distload_link_kokkos_without_driver(distload_driver_functions)

  # Kokkos is configured for one architecture, the lowest, and compiles machine code and PTX for it. Machine code for others
  # is added here; a GPU of an architecture without machine code compiles the PTX when a program starts.
  set(architectures "90;100;120")
  if(DEFINED ENV{CUDAARCHS})
    set(architectures "$ENV{CUDAARCHS}")
  endif()
  set(DISTLOAD_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPU architectures to compile for, beside that of Kokkos")
  list(GET Kokkos_CUDA_ARCHITECTURES 0 lowest)
  set(compiled ${lowest})
  file(STRINGS "${Kokkos_NVCC_WRAPPER}" takes_more REGEX "--generate-code=" LIMIT_COUNT 1)
  if(takes_more)
    execute_process(COMMAND "${CUDAToolkit_NVCC_EXECUTABLE}" --list-gpu-code OUTPUT_VARIABLE known_codes)
    string(REGEX MATCHALL "sm_[0-9]+" known_codes "${known_codes}")
    foreach(architecture IN LISTS DISTLOAD_CUDA_ARCHITECTURES)
      if(architecture GREATER lowest AND "sm_${architecture}" IN_LIST known_codes)
        set_property(TARGET Kokkos::kokkos APPEND PROPERTY INTERFACE_COMPILE_OPTIONS
          --generate-code=arch=compute_${architecture},code=sm_${architecture})
        list(APPEND compiled ${architecture})
      endif()
    endforeach()
  endif()
  list(JOIN compiled ", " compiled)
  set(DISTLOAD_KERNEL_ARCHITECTURES "machine code for ${compiled}, PTX for ${lowest} and newer")
  message(STATUS "CUDA architectures: ${DISTLOAD_KERNEL_ARCHITECTURES}")
endif()
