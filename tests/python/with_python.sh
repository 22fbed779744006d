#!/usr/bin/env bash
# Runs the Python that has distload: with_python.sh ARGUMENTS...
#
# It is that of tools/python.sh, or of the script in tools that TEST_VENV names. Without it, exits with 77.
set -euo pipefail
name=${TEST_VENV:-python}
environment=${XDG_CACHE_HOME:-$HOME/.cache}/distload/venv-$name
if [[ ! -x $environment/bin/python ]]; then
  echo "there is no $environment; tools/$name.sh makes it"
  exit 77
fi
unset PYTHONDONTWRITEBYTECODE
exec "$environment/bin/python" "$@"
