# Uses ccache when it is installed and the caller has not chosen a launcher. Not with CUDA: there Kokkos itself is the launcher
# (it hands the sources that use it to nvcc), and it recognises a compiler only by its plain command.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER AND NOT DISTLOAD_ENABLE_CUDA)
  find_program(DISTLOAD_CCACHE ccache)
  if(DISTLOAD_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${DISTLOAD_CCACHE}")
  endif()
endif()
