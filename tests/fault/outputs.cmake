# Outputs that cannot be written. distload must detect this before it loads, if possible, and must not lose a save.
set(results "${work}/results")
add_test(NAME fault_outputs_prepare COMMAND distload-synth --size 24MB --force "${work}/large")
set_tests_properties(fault_outputs_prepare PROPERTIES FIXTURES_SETUP fault_outputs FIXTURES_REQUIRED fault_inputs LABELS fault TIMEOUT 60
  ENVIRONMENT "${DISTLOAD_TEST_ENVIRONMENT}")

# output_test(<name> CODE c [RANKS n] [CONFIG path] [LIMITED kilobytes] [SAVES] [ALONE] [ARGUMENTS ...] [CHECKS ...] [ENVIRONMENT ...])
# Runs distload with `save.directory` ${results}/<name>. SAVES: a checkpoint must exist afterwards; otherwise the folder must be empty.
# LIMITED: every rank runs under `ulimit -f`. ALONE: runs without mpirun, which would replace stdout.
function(output_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SAVES;ALONE" "CODE;RANKS;CONFIG;LIMITED" "ARGUMENTS;CHECKS;ENVIRONMENT")
  if(NOT arg_RANKS)
    set(arg_RANKS 2)
  endif()
  if(NOT arg_CONFIG)
    set(arg_CONFIG "${work}/llama")
  endif()
  set(folder "${results}/${name}")
  set(command $<TARGET_FILE:distload> --set "save.directory=${folder}" --set "checkpoint.path=${arg_CONFIG}" ${arg_ARGUMENTS} "${work}/results.yaml")
  if(arg_LIMITED)
    set(command bash -c "ulimit -f ${arg_LIMITED} && exec \"$0\" \"$@\"" ${command})
  endif()
  set(checks ${arg_CHECKS} --fresh "${folder}" --gone "${folder}/*.partial" --gone "${folder}/.distload*")
  if(arg_ALONE)
    list(APPEND checks --without-mpirun)
    set(arg_RANKS 1)
  endif()
  if(arg_SAVES)
    list(APPEND checks --there "${folder}/model-step-0*")
  else()
    list(APPEND checks --gone "${folder}/*")
  endif()
  distload_add_failure_test(fault_output_${name} RANKS ${arg_RANKS} CODE ${arg_CODE} LIMIT 20 COMMAND ${command} CHECKS ${checks}
    ENVIRONMENT ${arg_ENVIRONMENT} ASAN_OPTIONS=detect_leaks=0)
  set_tests_properties(fault_output_${name} PROPERTIES FIXTURES_REQUIRED "fault_inputs;fault_outputs")
endfunction()

# The report's path.
set(not_loaded --absent "done: 100")
output_test(report_without_folder CODE 6 ARGUMENTS --report "${results}/nowhere/report.json" CHECKS ${not_loaded} --pattern "report.json.*there is no folder .*nowhere")
output_test(report_is_folder CODE 6 ARGUMENTS --report "${work}" CHECKS ${not_loaded} --pattern "report.json.*it is a folder")
output_test(report_below_file CODE 6 ARGUMENTS --report "${work}/save.yaml/report.json" CHECKS ${not_loaded} --pattern "report.json.*save.yaml")
output_test(report_is_weights CODE 3 ARGUMENTS --report "${work}/llama/model.safetensors" CHECKS ${not_loaded} --pattern "report.json.*a file of the checkpoint")
output_test(trace_is_weights CODE 3 ARGUMENTS --set "report.trace=${work}/llama/config.json" CHECKS ${not_loaded} --pattern "report.trace.*a file of the checkpoint")
output_test(dry_run_report_is_weights CODE 3 ARGUMENTS --dry-run --report "${work}/llama/model.safetensors" CHECKS --pattern "a file of the checkpoint")
output_test(report_closed CODE 6 ALONE ARGUMENTS --report /dev/stdout CHECKS --stdout closed ${not_loaded} --pattern "report.json.*closed")
# Storage that fails only at the write.
output_test(report_refused CODE 6 SAVES ARGUMENTS --report /dev/full CHECKS --pattern "report.json.*/dev/full.*No space left.*saved as .*model-step-0.h5")
output_test(report_refused_async CODE 6 SAVES ARGUMENTS --report /dev/full --set save.async=true CHECKS --pattern "No space left.*saved as ")
output_test(report_refused_stream CODE 6 SAVES ARGUMENTS --report /dev/full --set save.stream=true CHECKS --pattern "No space left.*saved as ")
output_test(report_not_made CODE 6 SAVES ARGUMENTS --report "${results}/not_made.json" CHECKS --pattern "injected.*saved as " ENVIRONMENT DISTLOAD_FAULT=report:1)
output_test(report_to_stdout CODE 0 SAVES ARGUMENTS --report /dev/stdout CHECKS --errors 0 --printed "^  .schema.:" --printed "^  .save.:")

# The directory.
output_test(folder_below_file CODE 6 ARGUMENTS --set "save.directory=${work}/save.yaml/saved" CHECKS ${not_loaded} --pattern "save.directory.*save.yaml is no folder")
output_test(folder_not_ours CODE 6 ARGUMENTS --set save.directory=/proc/distload CHECKS ${not_loaded} --pattern "save.directory.*/proc")
output_test(all_refusals_at_once CODE 6 ARGUMENTS --report "${work}" --set "save.directory=${work}/save.yaml"
  CHECKS ${not_loaded} --pattern "report.json.*it is a folder\n.*save.directory.*no folder")
output_test(dry_run_report_refused CODE 6 ARGUMENTS --dry-run --report "${work}" CHECKS --pattern "report.json: cannot write .*Is a directory" --printed "requested")
output_test(dry_run_warns CODE 0 ARGUMENTS --dry-run --set "save.directory=${work}/save.yaml" CHECKS --errors 0 --pattern "warning: save.directory.*no folder" --printed "requested")

# The limit of file sizes.
foreach(format IN ITEMS hdf5 safetensors)
  foreach(way IN ITEMS stream async)
    output_test(limited_${format}_${way} CODE 6 LIMITED 9000 CONFIG "${work}/large" ARGUMENTS --set save.format=${format} --set save.${way}=true
      CHECKS ${not_loaded} --pattern "needs a file of .*file size limit .ulimit -f. is 8.79 MiB")
  endforeach()
endforeach()
output_test(limited_shards CODE 0 SAVES LIMITED 9000 CONFIG "${work}/large" ARGUMENTS --set save.format=safetensors --set "save.shard_size=4 MB" CHECKS --errors 0)
# The limit of only one rank, which distload cannot detect before the save.
foreach(engine IN ITEMS direct collective)
  set(save $<TARGET_FILE:distload> --set "checkpoint.path=${work}/large" --set "save.directory=${results}/limited_${engine}" --set save.engine=${engine} "${work}/results.yaml")
  distload_add_failure_test(fault_output_limited_rank_${engine} RANKS 1 CODE 6 LIMIT 20
    COMMAND ${save} : -np 1 bash -c "ulimit -f 9000 && exec \"$0\" \"$@\"" ${save}
    CHECKS --fresh "${results}/limited_${engine}" --gone "${results}/limited_${engine}/*" --pattern "rank 1.*limited_${engine}.*file size limit.*8.79 MiB"
    ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
  set_tests_properties(fault_output_limited_rank_${engine} PROPERTIES FIXTURES_REQUIRED "fault_inputs;fault_outputs" PROCESSORS 2)
endforeach()
foreach(format IN ITEMS hdf5 safetensors)
  distload_add_failure_test(fault_output_limited_synth_${format} RANKS 2 CODE 6 LIMIT 20
    COMMAND bash -c "ulimit -f 9000 && exec \"$0\" \"$@\"" $<TARGET_FILE:distload-synth> --size 24MB --format ${format} "${results}/limited_synth_${format}"
    CHECKS --fresh "${results}/limited_synth_${format}" --gone "${results}/limited_synth_${format}/*" --pattern "file size limit .ulimit -f. is 8.79 MiB"
    ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
endforeach()

# stdout and stderr.
foreach(stdout IN ITEMS full closed unread)
  output_test(stdout_${stdout} CODE 6 SAVES ALONE CHECKS --stdout ${stdout} --pattern "cannot write the results to stdout")
  output_test(stdout_${stdout}_async CODE 6 SAVES ALONE ARGUMENTS --set save.async=true CHECKS --stdout ${stdout} --pattern "cannot write the results to stdout")
  output_test(stdout_${stdout}--dry-run CODE 6 ALONE ARGUMENTS --dry-run CHECKS --stdout ${stdout} --pattern "cannot write the results to stdout")
  # Help and versions are printed before MPI starts: like `cat`, they end by SIGPIPE if nobody reads them.
  set(ends CODE 6 CHECKS --pattern "cannot write the results to stdout")
  if(stdout STREQUAL unread)
    set(ends CODE 141 CHECKS --errors 0)
  endif()
  foreach(option IN ITEMS --help --version)
    output_test(stdout_${stdout}${option} ALONE ARGUMENTS ${option} ${ends} --stdout ${stdout})
  endforeach()
  foreach(progress IN ITEMS bar line json)
    output_test(stderr_${stdout}_${progress} CODE 0 SAVES ALONE ARGUMENTS --progress ${progress} CHECKS --stderr ${stdout})
  endforeach()
endforeach()

# tool_test(<name> <program> arguments...): the same tests of stdout for a tool. They run at the same time: a file that the tool writes has {stdout} in its name.
function(tool_test name program)
  foreach(stdout IN ITEMS full closed unread)
    string(REPLACE "{stdout}" "${stdout}" arguments "${ARGN}")
    # A tool that only prints ends by SIGPIPE, like `cat`, if its output is not read; a tool that runs on several ranks does not.
    set(ends CODE 6 CHECKS --pattern "cannot write the results to stdout")
    if(stdout STREQUAL unread AND program MATCHES "inspect|plan-bench")
      set(ends CODE 141 CHECKS --errors 0)
    endif()
    distload_add_failure_test(fault_output_${name}_${stdout} RANKS 1 ${ends} --without-mpirun --stdout ${stdout} LIMIT 20
      COMMAND $<TARGET_FILE:${program}> ${arguments} ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
    set_tests_properties(fault_output_${name}_${stdout} PROPERTIES FIXTURES_REQUIRED "fault_inputs;fault_outputs")
  endforeach()
endfunction()
tool_test(inspect distload-inspect --tensors -n 2 "${work}/llama")
tool_test(inspect_help distload-inspect --help)
tool_test(verify distload-verify "${work}/saved")
tool_test(synth distload-synth --size 1MB --force "${results}/synth_{stdout}")
tool_test(plan_bench distload-plan-bench --family llama --most-ranks 1024 --rounds 1 --source hdf5)
tool_test(calibrate distload-bench calibrate --bytes 4MB --rounds 1 --idle 0 --out - "${work}/saved")
tool_test(bench distload-bench --idle 0 --rounds 1 --state warm --engine buffered "${work}/saved")
# The exit code for damage takes precedence over that for lost output.
distload_add_failure_test(fault_output_verify_damaged RANKS 1 CODE 5 CHECKS --without-mpirun --stdout full --pattern "cannot write the results to stdout"
  COMMAND $<TARGET_FILE:distload-verify> "${work}/bad/flipped_weight.h5" ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
set_tests_properties(fault_output_verify_damaged PROPERTIES FIXTURES_REQUIRED fault_inputs)
distload_add_failure_test(fault_output_bench_json RANKS 2 CODE 6 COMMAND $<TARGET_FILE:distload-bench> "${work}/saved" --json "${work}/nowhere/bench.json"
  CHECKS --pattern "there is no folder .*nowhere" ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
set_tests_properties(fault_output_bench_json PROPERTIES FIXTURES_REQUIRED fault_inputs)

# A signal ends a save; its unfinished files are removed. If the checkpoint already has its final name, it stays. The message says which.
foreach(signal_and_code IN ITEMS "TERM 1" "USR1 138" "USR2 140")
  separate_arguments(parts UNIX_COMMAND "${signal_and_code}")
  list(POP_FRONT parts signal code)
  foreach(format IN ITEMS hdf5 safetensors)
    output_test(${signal}_${format} CODE ${code} ARGUMENTS --set save.format=${format} --set save.verify=full
      CHECKS --signal ${signal} --when-there "${results}/${signal}_${format}/*.partial"
        --pattern "stopped by SIG${signal} .*. the save of .*/${signal}_${format}/model-step-0[^ ]* is withdrawn$"
      ENVIRONMENT DISTLOAD_FAULT=save_verify:1:hang)
  endforeach()
  output_test(${signal}_after_rename SAVES CODE ${code}
    CHECKS --signal ${signal} --when-there "${results}/${signal}_after_rename/model-step-0.h5"
      --pattern "stopped by SIG${signal} .*. the save of .*/${signal}_after_rename/model-step-0.h5 is finished$"
    ENVIRONMENT DISTLOAD_FAULT=save_retain:1:hang)
endforeach()

# Ctrl-C on a program without mpirun, which itself returns 1.
foreach(format IN ITEMS hdf5 safetensors)
  output_test(INT_${format} CODE 130 ALONE ARGUMENTS --set save.format=${format} --set save.verify=full
    CHECKS --signal INT --when-there "${results}/INT_${format}/*.partial" --pattern "stopped by SIGINT \\(Ctrl-C\\)"
    ENVIRONMENT DISTLOAD_FAULT=save_verify:0:hang)
endforeach()

# After a failed save the report of the load exists, and the message has the cause of the failure.
output_test(report_of_failed_save CODE 6 ARGUMENTS --report "${results}/failed_save.json"
  CHECKS --fresh "${results}/failed_save.json" --there "${results}/failed_save.json" --pattern "injected.*save_write" ENVIRONMENT DISTLOAD_FAULT=save_write:1)
