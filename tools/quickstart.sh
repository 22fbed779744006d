#!/usr/bin/env bash
# The main job on a real model, starting on a bare machine: installs what is missing, builds, downloads all-MiniLM-L6-v2, and then
#   1. loads its safetensors on four ranks (tensor parallel) and saves one HDF5 file at that layout;
#   2. loads that file back, verifying every block;
#   3. computes the embedding of a sentence with it on four ranks, and compares every layer with one rank.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"

step "set up"
tools/setup.sh programs
step "build, and fetch the model meanwhile"
tools/fetch_model.sh >/dev/null &
build_preset host-release programs
wait $!
model=$(tools/fetch_model.sh)

job=build/quickstart
mkdir -p "$job"
ln -sfn "$model" "$job/model"
# Where the README and config/examples have it.
mkdir -p models
ln -sfn "$model" models/all-minilm-l6-v2
cat >"$job/config.yaml" <<YAML
checkpoint: {path: $job/model}
topology:   {tensor_parallel: 4}
save:       {directory: $job/checkpoints, tensor_parallel: 4, format: hdf5, overwrite: true}
report:     {json: $job/load-and-save.json, tensors: true}
YAML
cat >"$job/load-back.yaml" <<YAML
checkpoint: {path: $job/checkpoints, step: latest}
topology:   {tensor_parallel: 4}
load:       {verify: true}
report:     {json: $job/load-back.json, tensors: true}
YAML

export PATH=$distload_root/build/host-release/bin:$PATH OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
step "mpirun -np 4 distload $job/config.yaml"
mpirun -np 4 distload "$job/config.yaml"
step "mpirun -np 4 distload $job/load-back.yaml"
mpirun -np 4 distload "$job/load-back.yaml"

python3 tools/compare_reports.py "$job/load-and-save.json" "$job/load-back.json"

step "mpirun -np 4 distload-infer $job/checkpoints --tokens 101,... --against one-rank"
# "Any checkpoint onto any topology." as the model's tokenizer reads it.
mpirun -np 4 distload-infer "$job/checkpoints" --tokens 101,2151,26520,3031,2151,19587,1012,102 --against one-rank

file=$(find "$job/checkpoints" -name '*.h5' | sort -V | tail -n 1)
settings="PATH=$distload_root/build/host-release/bin:\$PATH"
((EUID != 0)) || settings+=" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"
(($(nproc) >= 4)) || settings+=" OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none"
cat <<TEXT

Type next, here or in a new shell:
  cd $distload_root; export $settings
  mpirun -np 4 distload models/all-minilm-l6-v2                   # load it
  mpirun -np 4 distload --dry-run --tp 2 --dp 2 $job/checkpoints   # the plan for two copies, each on 2 ranks
  h5dump -A $file | head -n 40                                  # look into the file
TEXT
