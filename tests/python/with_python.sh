#!/usr/bin/env bash
# Runs the Python that has distload: with_python.sh ARGUMENTS...
#
# It is that of tools/python.sh. Without it, exits with 77.
set -euo pipefail
environment=${XDG_CACHE_HOME:-$HOME/.cache}/distload/venv-python
if [[ ! -x $environment/bin/python ]]; then
  echo "there is no $environment; tools/python.sh makes it"
  exit 77
fi
unset PYTHONDONTWRITEBYTECODE
exec "$environment/bin/python" "$@"
