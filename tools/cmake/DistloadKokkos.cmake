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
message(STATUS "Kokkos ${Kokkos_VERSION} (${Kokkos_DEVICES}): ${Kokkos_DIR}")

# Other users cannot read this user's cache. Therefore a Kokkos from the cache is installed with distload (DistloadInstall.cmake).
cmake_path(IS_PREFIX distload_cached_kokkos "${Kokkos_DIR}" NORMALIZE DISTLOAD_INSTALL_KOKKOS)
if(DISTLOAD_INSTALL_KOKKOS)
  set(DISTLOAD_KOKKOS_PREFIX "${distload_cached_kokkos}")
endif()

if(DISTLOAD_ENABLE_CUDA)
  # Device code calls members of std::array, which are constexpr functions.
  set_property(TARGET Kokkos::kokkos APPEND PROPERTY INTERFACE_COMPILE_OPTIONS --expt-relaxed-constexpr)
endif()
