#!/usr/bin/env bash
# Runs the Python that has vLLM's files and distload: with_vllm.sh ARGUMENTS...
#
# It is that of tools/vllm.sh. Without it, exits with 77.
set -euo pipefail
environment=${XDG_CACHE_HOME:-$HOME/.cache}/distload/venv-vllm
if [[ ! -x $environment/bin/python ]]; then
  echo "there is no $environment; tools/vllm.sh makes it"
  exit 77
fi
unset PYTHONDONTWRITEBYTECODE
exec "$environment/bin/python" "$@"
