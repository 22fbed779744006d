# Hostile and unusual input. The program must quickly print a message of distload that names file, place and key, and must not crash.

# hostile_input(<config> CODE c [PATTERN text...] [ARGUMENTS ...] [CONFIG name]):
# as bad_input, and no message of another library.
function(hostile_input name)
  bad_input(${name} ${ARGN} ABSENT "json.exception" "terminate called" "\\x1b" "Signal: ")
endfunction()

# config.json
hostile_input(config_json_deep CODE 5 PATTERN "config_json_deep/config.json: line 1, column 3[0-9]+, at [.]*a[^ ]*: nested more than 64 deep")
hostile_input(config_json_lists CODE 5 PATTERN "config_json_lists/config.json: line 1, column 65, .*nested more than 64 deep")
hostile_input(config_json_cut CODE 5 PATTERN "config_json_cut/config.json: line 3, column 12, at a.1.: not JSON: expected a comma or ., but the text ends here")
hostile_input(config_json_twice CODE 5 PATTERN "config_json_twice/config.json: line 2, column 22, at hidden_size: the key occurs twice")
hostile_input(config_json_large CODE 5 PATTERN "config_json_large/config.json: larger than 4 MiB")
hostile_input(many_layers CODE 3 PATTERN "many_layers/config.json: num_hidden_layers is 2000000000, expected at most 10000 .llama.yaml")
hostile_input(layers_beyond_64_bits CODE 3 PATTERN "config.json: num_hidden_layers is 1.8[0-9]*e.19, expected an integer, zero or more .llama.yaml")
hostile_input(layers_as_text CODE 3 PATTERN "config.json: num_hidden_layers is \"3\", expected an integer, zero or more .llama.yaml")
hostile_input(no_kv_heads CODE 3 PATTERN "no_kv_heads/config.json: num_key_value_heads is 0, expected 1 or more .decoder.yaml:[0-9]+")
hostile_input(odd_heads CODE 3 PATTERN "odd_heads/config.json: hidden_size 128 is not a multiple of num_attention_heads 6 .decoder.yaml:[0-9]+")
hostile_input(huge_hidden_size CODE 3 PATTERN "config.json: hidden_size is 4611686018427387904, more than any model has")
hostile_input(float_hidden_size CODE 3 PATTERN "config.json: hidden_size is 128.0, expected an integer, zero or more")
hostile_input(tie_as_text CODE 3 PATTERN "config.json: tie_word_embeddings is \"no\", expected true or false .llama.yaml")
hostile_input(type_as_number CODE 3 PATTERN "config.json: model_type is 7, expected a text")
hostile_input(odd_type CODE 3 PATTERN "models of type `.x1B.31mll.namaaa[a]+[.][.][.]`")
hostile_input(no_blocks CODE 3 PATTERN "config.json: quantization_config.weight_block_size.0 is 0, expected 1 or more .formats.yaml:")

# Indexes
hostile_input(index_empty CODE 5 PATTERN "model.safetensors.index.json: weight_map is empty")
hostile_input(index_null CODE 5 PATTERN "model.safetensors.index.json: has no weight_map")
hostile_input(index_twice CODE 5 PATTERN "model.safetensors.index.json: line 2, column 1, at weight_map.[^ ]*: the key occurs twice")
hostile_input(index_deep CODE 5 PATTERN "model.safetensors.index.json: line 1, .*nested more than 64 deep")
hostile_input(index_elsewhere CODE 5 PATTERN "index.json: weight_map.[^ ]*: '../model-1.safetensors' is not the name of a file in this directory")
hostile_input(index_odd_name CODE 5 PATTERN "index.json: weight_map.[^ ]*: 'a.n.x1B.31m' is not the name of a file in this directory")

# Names: one line per name, long names are shortened, and of many names only the first are printed.
hostile_input(odd_names CODE 3 PATTERN "^    a.nb.x1B.31m .144, 128.$" "^    x+[.][.][.] .144, 128.$")
hostile_input(many_names CODE 3 PATTERN "^    and 19970 more$")
hostile_input(far_layer CODE 3 PATTERN "a layer of number 4294967295; a model has at most 10000")

# HDF5
hostile_input(hdf5_deep_config_json CODE 3 PATTERN "config.json of [^ ]*hdf5_deep_config_json.h5: line 1, .*nested more than 64 deep")
hostile_input(hdf5_config_json_no_utf8 CODE 3 PATTERN "config.json of [^ ]*hdf5_config_json_no_utf8.h5: line 1, column 6, at a: not JSON: .xFF in a text in quotes is not UTF-8")
hostile_input(hdf5_odd_names CODE 3 PATTERN "^    a.x1B.31m.nb .4.$" "^    x+[.][.][.] .4.$")
distload_add_failure_test(fault_hdf5_odd_model_name RANKS 2 CODE 0 COMMAND $<TARGET_FILE:distload> --report "${work}/odd_model_name.json"
  "${work}/bad/hdf5_odd_model_name.yaml" CHECKS --errors 0 --absent "\\x1b" ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
set_tests_properties(fault_hdf5_odd_model_name PROPERTIES FIXTURES_REQUIRED fault_inputs)
add_test(NAME inspect_escapes_names COMMAND distload-inspect --tensors "${work}/bad/odd_names")
set_tests_properties(inspect_escapes_names PROPERTIES FIXTURES_REQUIRED fault_inputs LABELS fault TIMEOUT 30
  PASS_REGULAR_EXPRESSION "\na.nb.x1B.31m +F32 .*\nx+[.][.][.] +F32 " FAIL_REGULAR_EXPRESSION "[^ -~\n]")
add_test(NAME inspect_escapes_metadata COMMAND distload-inspect "${work}/bad/hdf5_odd_model_name.h5")
set_tests_properties(inspect_escapes_metadata PROPERTIES FIXTURES_REQUIRED fault_inputs LABELS fault TIMEOUT 30
  PASS_REGULAR_EXPRESSION "\nmodel +.x1B.31m.nx.xFFy+[.][.][.]\n" FAIL_REGULAR_EXPRESSION "[^ -~\n]")

# Rule files and configurations
hostile_input(rules_deep CODE 3 PATTERN "rules_deep.rules.yaml:2: ")
hostile_input(rules_of_themselves CODE 3 PATTERN "rules_of_themselves.rules.yaml:2: a rule must be a map")
hostile_input(rules_of_stars CODE 3 PATTERN "rules_of_stars.rules.yaml:3: .* more than 64 stars")
hostile_input(rules_of_many_sizes CODE 3 PATTERN "rules_of_many_sizes.rules.yaml:2: more than 1000 sizes")
hostile_input(yaml_deep CODE 3 PATTERN "yaml_deep.yaml:.*nested too deeply")
hostile_input(yaml_of_itself CODE 3 PATTERN "yaml_of_itself.yaml:1:13: `checkpoint` is a map of keys")
hostile_input(yaml_laughs CODE 3 PATTERN "yaml_laughs.yaml:1:1: unknown section `a`")
hostile_input(set_odd CODE 3 CONFIG good ARGUMENTS "--set=load.engine=a\nb" PATTERN "must be one of .*, not 'a.nb'")

# Environment variables: distload must report errors before OpenMP or Kokkos ends the process.
foreach(variable_and_value IN ITEMS "OMP_NUM_THREADS 600" "OMP_NUM_THREADS 100000" "OMP_NUM_THREADS 0" "OMP_NUM_THREADS abc"
    "OMP_NUM_THREADS -4" "KOKKOS_NUM_THREADS 600" "KOKKOS_NUM_THREADS abc")
  separate_arguments(parts UNIX_COMMAND "${variable_and_value}")
  list(POP_FRONT parts variable value)
  distload_add_failure_test(fault_threads_${variable}_${value} RANKS 2 CODE 3 COMMAND $<TARGET_FILE:distload> "${work}/bad/good.yaml"
    CHECKS --pattern "environment variable ${variable}: '${value}' is not a whole number from 1 to 512" --absent "terminate called"
    ENVIRONMENT ${variable}=${value} ASAN_OPTIONS=detect_leaks=0)
  set_tests_properties(fault_threads_${variable}_${value} PROPERTIES FIXTURES_REQUIRED fault_inputs)
endforeach()
distload_add_failure_test(fault_kokkos_variable RANKS 2 CODE 3 COMMAND $<TARGET_FILE:distload> "${work}/bad/good.yaml"
  CHECKS --pattern "environment variable KOKKOS_DEVICE_ID: 'first' is not the number of a device" --absent "Raised by Kokkos"
  ENVIRONMENT KOKKOS_DEVICE_ID=first ASAN_OPTIONS=detect_leaks=0)
set_tests_properties(fault_kokkos_variable PROPERTIES FIXTURES_REQUIRED fault_inputs)
distload_add_failure_test(fault_threads_list RANKS 2 CODE 0 COMMAND $<TARGET_FILE:distload> "${work}/bad/good.yaml"
  CHECKS --errors 0 ENVIRONMENT OMP_NUM_THREADS=2,1 ASAN_OPTIONS=detect_leaks=0)
distload_add_failure_test(fault_threads_limited RANKS 2 CODE 0 COMMAND $<TARGET_FILE:distload> "${work}/bad/good.yaml"
  CHECKS --errors 0 --pattern "OMP_THREAD_LIMIT allows 1 instead of 4 host threads"
  ENVIRONMENT OMP_NUM_THREADS=4 OMP_THREAD_LIMIT=1 ASAN_OPTIONS=detect_leaks=0)
# Numbers in Python's notation in config.json: the model is loaded, and config.json is saved unchanged.
distload_add_failure_test(fault_python_numbers RANKS 2 CODE 0 COMMAND $<TARGET_FILE:distload> "${work}/bad/python_numbers.yaml"
  CHECKS --errors 0 ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
set_tests_properties(fault_threads_list fault_threads_limited fault_python_numbers PROPERTIES FIXTURES_REQUIRED fault_inputs)
