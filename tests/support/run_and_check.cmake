# distload_add_failure_test: a CTest entry that checks with run_and_check.py how a program ends under mpirun.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(DISTLOAD_RUN_AND_CHECK "${CMAKE_CURRENT_LIST_DIR}/run_and_check.py")

# distload_add_failure_test(<test> RANKS n CODE c COMMAND program args... [CHECKS further arguments of run_and_check.py]
#                           [LIMIT seconds] [LABELS ...] [ENVIRONMENT K=V...])
# Ranks that no signal ends have said everything before MPI_Finalize or MPI_Abort: mpirun need not wait a second between SIGTERM and SIGKILL.
function(distload_add_failure_test test)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "RANKS;CODE;LIMIT" "COMMAND;CHECKS;LABELS;ENVIRONMENT")
  if(NOT arg_LIMIT)
    set(arg_LIMIT 10)
  endif()
  math(EXPR timeout "${arg_LIMIT} + 10")
  set(wait OMPI_MCA_odls_base_sigkill_timeout=0)
  if("${arg_CHECKS};${arg_ENVIRONMENT}" MATCHES "--signal|:kill")
    set(wait OMPI_MCA_odls_base_sigkill_timeout=1)
  endif()
  add_test(NAME ${test}
    COMMAND ${Python3_EXECUTABLE} ${DISTLOAD_RUN_AND_CHECK} --mpirun ${MPIEXEC_EXECUTABLE} --ranks ${arg_RANKS} --code ${arg_CODE}
      --limit ${arg_LIMIT} ${arg_CHECKS} -- ${arg_COMMAND})
  set_tests_properties(${test} PROPERTIES
    LABELS "${arg_LABELS};fault;ranks-${arg_RANKS}" PROCESSORS ${arg_RANKS} TIMEOUT ${timeout}
    ENVIRONMENT "${DISTLOAD_TEST_ENVIRONMENT};${wait};${arg_ENVIRONMENT}")
endfunction()
