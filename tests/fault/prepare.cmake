# Makes the inputs of the failure tests: a small llama as safetensors and as HDF5, bad variants of both, configurations.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run("${MAKE_TINY_LLAMA}" "${WORK}/llama")
file(WRITE "${WORK}/save.yaml" "checkpoint: {path: ${WORK}/llama}\ntopology: {tensor_parallel: 2}\nsave: {directory: ${WORK}/saved}\n")
run("${MPIEXEC}" -np 2 "${DISTLOAD}" "${WORK}/save.yaml")
file(GLOB saved "${WORK}/saved/model-step-*.h5")
run("${PYTHON}" "${MAKE_BAD_INPUTS}" "${WORK}/llama" "${saved}" "${WORK}/bad")

file(WRITE "${WORK}/own-rules.yaml" "extends: auto\nrules:\n  - {match: model.norm.weight, partition: replicated, stage: all}\n")

# Two replicas of two ranks that must not write to each other's memory, so that they exchange pieces in messages.
file(WRITE "${WORK}/all-phases.yaml" "checkpoint: {path: ${saved}}\ntopology: {tensor_parallel: 2, data_parallel: 2}\nload: {engine: buffered, peer_writes: false}\n"
  "save: {directory: ${WORK}/saved-again, overwrite: true}\nreport: {json: ${WORK}/report.json, tensors: true}\n")
file(WRITE "${WORK}/one-replica-each.yaml" "checkpoint: {path: ${saved}}\ntopology: {tensor_parallel: 1, data_parallel: 3}\n")
file(WRITE "${WORK}/results.yaml" "report: {progress: line}\n")
file(MAKE_DIRECTORY "${WORK}/results")
