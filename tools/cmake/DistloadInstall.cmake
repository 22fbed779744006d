# Installs the library, its headers, its data, its pages and examples, and the package file for find_package(distload).
include(CMakePackageConfigHelpers)

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
  install(TARGETS distload_library ${modules} EXPORT distload)
  install(EXPORT distload NAMESPACE distload:: FILE distloadTargets.cmake DESTINATION "${package_dir}")
  install(DIRECTORY include/distload TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
  install(FILES "${PROJECT_BINARY_DIR}/include/distload/version.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/distload")
  install(DIRECTORY config/ DESTINATION "${CMAKE_INSTALL_DATADIR}/distload")

  install(FILES README.md LICENSE CHANGELOG.md src/checkpoint/FORMAT.md src/checkpoint/seal/SEALS.md src/partition/RULES.md TYPE DOC)
  install(DIRECTORY tests/examples TYPE DOC)

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
