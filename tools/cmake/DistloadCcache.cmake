# Uses ccache when it is installed and the caller has not chosen a launcher. Not with CUDA: there Kokkos itself is the launcher
# (it hands the sources that use it to nvcc), and it recognises a compiler only by its plain command.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER AND NOT DISTLOAD_ENABLE_CUDA)
  find_program(DISTLOAD_CCACHE ccache)
  if(DISTLOAD_CCACHE)
    # Paths below the source tree count as relative, so that a fresh clone elsewhere finds what another one compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${DISTLOAD_CCACHE}")
  endif()
endif()
