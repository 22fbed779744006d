#!/usr/bin/env bash
# Runs distload on this machine: jobs/local.sh RANKS CONFIG [ARGUMENTS...], e.g. jobs/local.sh 4 config/examples/load.yaml --dry-run
set -euo pipefail

if (($# < 2)); then
  sed -n '2s/^# //p' "$0" >&2
  exit 2
fi
ranks=$1
shift

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for candidate in "${DISTLOAD:-}" "$(command -v distload || true)" "$repository"/build/{host,cuda}-release/bin/distload; do
  if [[ -x $candidate ]]; then
    program=$candidate
    break
  fi
done
if [[ -z ${program:-} ]]; then
  echo "local.sh: no distload on PATH and none built; run tools/quickstart.sh, or set DISTLOAD=/path/to/distload" >&2
  exit 2
fi

flags=()
# If there are more ranks than cores, ranks share cores and must not be bound to one.
((ranks > $(nproc))) && flags+=(--oversubscribe --bind-to none)
# Containers and CI run as root. Open MPI refuses this without these variables.
if ((EUID == 0)); then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
# OMPIO, the file layer of Open MPI, hides errors. distload selects ROMIO itself; this line shows the choice to other tools.
export OMPI_MCA_io=${OMPI_MCA_io:-romio321}

unset DISTLOAD
exec mpirun -np "$ranks" "${flags[@]}" "$program" "$@"
