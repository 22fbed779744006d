# distload_add_module, distload_add_program, distload_add_test and others: functions for the CMakeLists.txt of each folder.

# distload_add_module(<module> SOURCES ... [PUBLIC targets...] [PRIVATE targets...])
# The static library distload_<module>. PUBLIC: libraries that its public headers include; PRIVATE: libraries that only its sources use.
function(distload_add_module module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
  set(target distload_${module})
  add_library(${target} STATIC ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${module})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  distload_compile_own_code(${target})
  target_compile_definitions(${target} INTERFACE ${DISTLOAD_MPI_DEFINITIONS})
  if(DISTLOAD_ENABLE_CUDA)
    target_compile_definitions(${target} PUBLIC DISTLOAD_ENABLE_CUDA)
  endif()
  set_property(GLOBAL APPEND PROPERTY DISTLOAD_MODULE_TARGETS ${target})
endfunction()

# distload_add_program(<name> SOURCES ... LINK targets...)
# The program bin/<name>; it is installed, with the man page and the completion for shells that it makes of its own options.
function(distload_add_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  distload_compile_own_code(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin" DISTLOAD_STATIC_HDF5 ON)
  install(TARGETS ${name} RUNTIME)
  # All programs, without the tests.
  if(NOT TARGET programs)
    add_custom_target(programs)
  endif()
  set(pages "${PROJECT_BINARY_DIR}/share")
  set(page "${pages}/man/man1/${name}.1")
  set(bash "${pages}/bash-completion/completions/${name}")
  set(zsh "${pages}/zsh/site-functions/_${name}")
  set(fish "${pages}/fish/vendor_completions.d/${name}.fish")
  add_custom_command(OUTPUT "${page}" "${bash}" "${zsh}" "${fish}"
    COMMAND ${name} --generate man > "${page}"
    COMMAND ${name} --generate bash > "${bash}"
    COMMAND ${name} --generate zsh > "${zsh}"
    COMMAND ${name} --generate fish > "${fish}"
    COMMENT "Man page and completion of ${name}" VERBATIM)
  foreach(file "${page}" "${bash}" "${zsh}" "${fish}")
    cmake_path(GET file PARENT_PATH folder)
    file(MAKE_DIRECTORY "${folder}")
  endforeach()
  install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${bash}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${zsh}" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES "${fish}" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
  add_custom_target(${name}-pages ALL DEPENDS "${page}")
  add_dependencies(programs ${name} ${name}-pages)
endfunction()

# Compile options and include folders of a target of tests.
function(distload_compile_test_code target)
  distload_compile_own_code(${target})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
endfunction()

# distload_add_test(<name> SOURCES ... LINK targets... [LABELS ...] [RANKS n...] [KOKKOS] [TIMEOUT seconds] [ENVIRONMENT K=V...]
#   [SWEEPS names of tests...])
# A GoogleTest program. Without RANKS it runs as one process, with label unit; KOKKOS initialises Kokkos around it. With RANKS it runs under
# mpirun, once per number of ranks, as <name>_ranks_<n>, with MPI (thread multiple) and Kokkos initialised, labels mpi and ranks-<n>.
# SWEEPS: tests that repeat what others test with many more inputs; with AddressSanitizer, which makes them take minutes, only the long form
# runs them.
function(distload_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "KOKKOS" "TIMEOUT" "SOURCES;LINK;LABELS;RANKS;ENVIRONMENT;SWEEPS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(DISTLOAD_SANITIZE)
    math(EXPR arg_TIMEOUT "4 * ${arg_TIMEOUT}")
  endif()
  if(arg_SWEEPS AND DISTLOAD_SANITIZE MATCHES "address" AND NOT DISTLOAD_LONG_TESTS)
    list(JOIN arg_SWEEPS ":" sweeps)
    list(APPEND arg_ENVIRONMENT "GTEST_FILTER=-${sweeps}")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  distload_compile_test_code(${name})
  add_dependencies(test_programs ${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")

  # Tests without MPI and Kokkos run the same code in a CUDA build; only the host build runs them.
  if(DISTLOAD_ENABLE_CUDA AND NOT arg_RANKS AND NOT arg_KOKKOS AND NOT "gpu" IN_LIST arg_LABELS)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()

  # If Kokkos' default execution space is the GPU, programs that initialise Kokkos need a GPU.
  set(labels ${arg_LABELS})
  if(DISTLOAD_ENABLE_CUDA AND (arg_RANKS OR arg_KOKKOS))
    list(APPEND labels gpu)
  endif()

  if(arg_RANKS)
    target_link_libraries(${name} PRIVATE distload_test_main_mpi)
    foreach(ranks IN LISTS arg_RANKS)
      distload_add_mpi_run(${name}_ranks_${ranks} RANKS ${ranks} TIMEOUT ${arg_TIMEOUT}
        LABELS ${labels} ENVIRONMENT ${arg_ENVIRONMENT} COMMAND $<TARGET_FILE:${name}>)
    endforeach()
    return()
  endif()

  if(arg_KOKKOS)
    target_link_libraries(${name} PRIVATE distload_test_main_kokkos)
  else()
    target_link_libraries(${name} PRIVATE GTest::gtest_main GTest::gmock)
  endif()
  if(NOT arg_LABELS)
    list(APPEND labels unit)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "${DISTLOAD_TEST_ENVIRONMENT};ASAN_OPTIONS=detect_leaks=1;${arg_ENVIRONMENT}")
endfunction()

# distload_add_mpi_run(<test> RANKS n COMMAND program args... [LABELS ...] [TIMEOUT seconds] [ENVIRONMENT K=V...])
# A CTest entry that runs any command on n ranks.
function(distload_add_mpi_run test)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "RANKS;TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_test(NAME ${test}
    COMMAND ${MPIEXEC_EXECUTABLE} ${DISTLOAD_MPIEXEC_FLAGS} ${MPIEXEC_NUMPROC_FLAG} ${arg_RANKS} ${arg_COMMAND})
  set_tests_properties(${test} PROPERTIES
    LABELS "${arg_LABELS};mpi;ranks-${arg_RANKS}" PROCESSORS ${arg_RANKS} TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "${DISTLOAD_TEST_ENVIRONMENT};${arg_ENVIRONMENT}")
endfunction()
