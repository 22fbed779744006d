# Uses ccache when it is installed and the caller has not chosen a launcher.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(DISTLOAD_CCACHE ccache)
  if(DISTLOAD_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${DISTLOAD_CCACHE}")
  endif()
endif()
