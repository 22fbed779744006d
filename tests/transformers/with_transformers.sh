#!/usr/bin/env bash
# Runs the Python that has transformers: with_transformers.sh ARGUMENTS...
#
# It is that of tools/transformers.sh, or of the environment that DISTLOAD_TRANSFORMERS names. Without it, exits with 77.
set -euo pipefail
environment=${DISTLOAD_TRANSFORMERS:-${XDG_CACHE_HOME:-$HOME/.cache}/distload/venv-transformers}
if [[ ! -x $environment/bin/python ]]; then
  echo "there is no $environment; tools/transformers.sh makes it"
  exit 77
fi
# transformers is large: without its bytecode, every run compiles it for seconds.
unset PYTHONDONTWRITEBYTECODE
export HF_HUB_OFFLINE=1
exec "$environment/bin/python" "$@"
