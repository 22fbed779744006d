# Installs everything, in three components: `programs` (with rule files, jobs and pages), `library` (with headers, examples and the package
# file for find_package(distload)) and `modulefiles`.
include(CMakePackageConfigHelpers)

# What programs need beside themselves, and what their users read. The folders of the pages are those of the source tree, which
# keeps the links between pages.
function(distload_install_programs_data)
  install(DIRECTORY config/ DESTINATION "${CMAKE_INSTALL_DATADIR}/distload")
  install(DIRECTORY jobs DESTINATION "${CMAKE_INSTALL_DATADIR}/distload" USE_SOURCE_PERMISSIONS
    FILES_MATCHING PATTERN "*.sh" PATTERN "*.sbatch" PATTERN "README.md" PATTERN containers EXCLUDE PATTERN packages EXCLUDE)

  install(FILES LICENSE TYPE DOC)
  file(GLOB_RECURSE pages RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS config/*.md jobs/*.md src/*.md tools/*.md)
  list(APPEND pages README.md CHANGELOG.md)
  foreach(page IN LISTS pages)
    cmake_path(GET page PARENT_PATH folder)
    install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_DOCDIR}/${folder}")
  endforeach()
  set_property(GLOBAL PROPERTY DISTLOAD_INSTALLED_PAGES ${pages})

  # The MPI of this build, as modulefiles name it, and the component of Open MPI that src/parallel/mpi_environment.cpp chooses.
  set(DISTLOAD_MPI_NAME "an MPI with the same ABI")
  set(DISTLOAD_ROMIO romio321)
  find_file(DISTLOAD_MPI_HEADER mpi.h PATHS ${MPI_C_INCLUDE_DIRS} NO_DEFAULT_PATH)
  if(DISTLOAD_MPI_HEADER)
    file(STRINGS "${DISTLOAD_MPI_HEADER}" lines REGEX "^#define (OMPI_(MAJOR|MINOR|RELEASE)_VERSION|MPICH_VERSION) ")
    if(lines MATCHES "OMPI_MAJOR_VERSION ([0-9]+).*MINOR_VERSION ([0-9]+).*RELEASE_VERSION ([0-9]+)")
      set(DISTLOAD_MPI_NAME "Open MPI ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}")
      if(CMAKE_MATCH_1 GREATER_EQUAL 5)
        set(DISTLOAD_ROMIO romio341)
      endif()
    elseif(lines MATCHES "MPICH_VERSION \"([^\"]*)\"")
      set(DISTLOAD_MPI_NAME "MPICH ${CMAKE_MATCH_1}")
    endif()
  endif()

  # For Lmod and for Environment Modules. They find the prefix from their own place, so that a prefix can be moved.
  set(modulefiles "${CMAKE_INSTALL_DATADIR}/distload/modulefiles/distload")
  configure_file(tools/cmake/modulefile.lua.in modulefiles/modulefile.lua @ONLY)
  configure_file(tools/cmake/modulefile.tcl.in modulefiles/modulefile.tcl @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/modulefiles/modulefile.lua" DESTINATION "${modulefiles}" RENAME "${PROJECT_VERSION}.lua" COMPONENT modulefiles)
  install(FILES "${PROJECT_BINARY_DIR}/modulefiles/modulefile.tcl" DESTINATION "${modulefiles}" RENAME "${PROJECT_VERSION}" COMPONENT modulefiles)
endfunction()

function(distload_install_library)
  get_property(modules GLOBAL PROPERTY DISTLOAD_MODULE_TARGETS)
  # `app` is for the programs only.
  list(REMOVE_ITEM modules distload_app)

  # distload::distload: the whole library as one target. (The target distload is the program.)
  add_library(distload_library INTERFACE)
  set_target_properties(distload_library PROPERTIES EXPORT_NAME distload)
  target_link_libraries(distload_library INTERFACE ${modules})
  add_library(distload::distload ALIAS distload_library)

  set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/distload")
  set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)
  install(TARGETS distload_library ${modules} EXPORT distload)
  install(EXPORT distload NAMESPACE distload:: FILE distloadTargets.cmake DESTINATION "${package_dir}")
  install(DIRECTORY include/distload TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
  install(FILES "${PROJECT_BINARY_DIR}/include/distload/version.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/distload")
  install(DIRECTORY tests/examples DESTINATION "${CMAKE_INSTALL_DOCDIR}" USE_SOURCE_PERMISSIONS)

  # The folder in which the package searches for Kokkos, after Kokkos_ROOT and CMAKE_PREFIX_PATH. For an installed Kokkos it is
  # that Kokkos. A Kokkos from the user's cache is copied below the prefix, so that every user of the prefix can read it.
  set(DISTLOAD_KOKKOS_HINT "${Kokkos_DIR}")
  if(DISTLOAD_INSTALL_KOKKOS)
    set(kokkos "${CMAKE_INSTALL_LIBDIR}/distload/kokkos")
    cmake_path(RELATIVE_PATH Kokkos_DIR BASE_DIRECTORY "${DISTLOAD_KOKKOS_PREFIX}" OUTPUT_VARIABLE kokkos_package)
    set(DISTLOAD_KOKKOS_HINT "${kokkos}/${kokkos_package}")
    install(DIRECTORY "${DISTLOAD_KOKKOS_PREFIX}/" DESTINATION "${kokkos}" USE_SOURCE_PERMISSIONS
      DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE
      PATTERN distload.stamp EXCLUDE)
  endif()
  configure_package_config_file(tools/cmake/distloadConfig.cmake.in "${PROJECT_BINARY_DIR}/distloadConfig.cmake"
    INSTALL_DESTINATION "${package_dir}" PATH_VARS DISTLOAD_KOKKOS_HINT)
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/distloadConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES
    "${PROJECT_BINARY_DIR}/distloadConfig.cmake"
    "${PROJECT_BINARY_DIR}/distloadConfigVersion.cmake"
    tools/cmake/DistloadDriver.cmake
    tools/cmake/FindLibUring.cmake
    tools/cmake/FindParallelHDF5.cmake
    tools/cmake/FindXXHash.cmake
    tools/cmake/FindYamlCpp.cmake
    DESTINATION "${package_dir}")
endfunction()
