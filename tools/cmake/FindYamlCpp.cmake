# Finds yaml-cpp and names its target yaml-cpp::yaml-cpp, as versions from 0.8 on do.
find_package(yaml-cpp CONFIG QUIET)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(YamlCpp
  REQUIRED_VARS yaml-cpp_DIR
  VERSION_VAR yaml-cpp_VERSION
  REASON_FAILURE_MESSAGE "Debian: libyaml-cpp-dev")

if(YamlCpp_FOUND AND NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED)
  set_target_properties(yaml-cpp::yaml-cpp PROPERTIES INTERFACE_LINK_LIBRARIES yaml-cpp)
endif()
