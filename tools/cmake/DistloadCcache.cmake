# Uses ccache if it is installed and the caller has not chosen a launcher. Not with CUDA: Kokkos sets its own launcher, which passes
# sources to nvcc and recognises a compiler only by its plain command.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER AND NOT DISTLOAD_ENABLE_CUDA)
  find_program(DISTLOAD_CCACHE ccache)
  if(DISTLOAD_CCACHE)
    # Paths below the source tree are relative in the cache, so that another clone finds the results of the first.
    set(CMAKE_CXX_COMPILER_LAUNCHER env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${DISTLOAD_CCACHE}")
  endif()
endif()
