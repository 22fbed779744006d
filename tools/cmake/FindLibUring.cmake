# Finds liburing: target distload::liburing.
find_path(LibUring_INCLUDE_DIR liburing.h)
find_library(LibUring_LIBRARY uring)
mark_as_advanced(LibUring_INCLUDE_DIR LibUring_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibUring
  REQUIRED_VARS LibUring_LIBRARY LibUring_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Debian: liburing-dev")

if(LibUring_FOUND AND NOT TARGET distload::liburing)
  add_library(distload::liburing UNKNOWN IMPORTED)
  set_target_properties(distload::liburing PROPERTIES
    IMPORTED_LOCATION "${LibUring_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LibUring_INCLUDE_DIR}")
endif()
