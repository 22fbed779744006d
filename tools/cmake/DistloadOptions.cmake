# Compile options of distload's own code: warnings and sanitizers.
set(DISTLOAD_WARNINGS -Wall -Wextra)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  list(APPEND DISTLOAD_WARNINGS -Wno-restrict)  # has false positives for operator+ of std::string in GCC 12 (GCC bug 105651)
endif()
if(NOT DISTLOAD_ENABLE_CUDA)
  # The host compiler sees sources that nvcc has rewritten, with casts and semicolons that nvcc added.
  list(APPEND DISTLOAD_WARNINGS
    -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
    -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough -Wextra-semi)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    list(APPEND DISTLOAD_WARNINGS -Wduplicated-cond -Wlogical-op)
    # GCC collects garbage only above 1 GB: that saves a twentieth of its time.
    set(DISTLOAD_MEMORY_OF_GCC "SHELL:--param ggc-min-heapsize=1000000")
  endif()
endif()
if(DISTLOAD_WARNINGS_AS_ERRORS)
  list(APPEND DISTLOAD_WARNINGS -Werror)
endif()

if(DISTLOAD_SANITIZE)
  add_compile_options(-fsanitize=${DISTLOAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DISTLOAD_SANITIZE})
endif()
if(DISTLOAD_WITH_LIBFUZZER)
  # Tells libFuzzer which lines an input has reached. -fsanitize=fuzzer-no-link also reports every comparison, which makes tests
  # five times slower.
  add_compile_options(-fsanitize-coverage=inline-8bit-counters,pc-table)
endif()

# Use only the C API of MPI: the old C++ bindings of Open MPI and MPICH would be compiled into every file that includes mpi.h, and
# a program that uses the library would need their library, which distload does not link to.
set(DISTLOAD_MPI_DEFINITIONS OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
set(DISTLOAD_DEFINITIONS ${DISTLOAD_MPI_DEFINITIONS})
if(DISTLOAD_ENABLE_CUDA)
  # fmt 9 assumes that nvcc lacks constexpr, but checks format strings at compile time anyway, which fails.
  list(APPEND DISTLOAD_DEFINITIONS FMT_USE_CONSTEXPR=1)
endif()

# Optimised builds compile with -O1, and with -O3 where distload computes (distload_optimize_kernels). With -O2 elsewhere, compiling takes a
# quarter longer, and planning 1 TB in 400,000 tensors 1.5 instead of 1.6 s (distload-plan-bench --family kimi_k25).
set(DISTLOAD_OPTIMIZED "$<AND:$<CONFIG:Release,RelWithDebInfo>,$<COMPILE_LANGUAGE:CXX>>")

# distload_optimize_kernels(<target>): for code whose loops run over the bytes of a model.
function(distload_optimize_kernels target)
  target_compile_options(${target} PRIVATE "$<${DISTLOAD_OPTIMIZED}:-O3>")
endfunction()

# Applies these options to a target of distload.
function(distload_compile_own_code target)
  target_compile_options(${target} PRIVATE "$<${DISTLOAD_OPTIMIZED}:-O1>")
  target_compile_options(${target} PRIVATE ${DISTLOAD_WARNINGS} ${DISTLOAD_MEMORY_OF_GCC})
  target_compile_definitions(${target} PRIVATE ${DISTLOAD_DEFINITIONS})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
endfunction()
