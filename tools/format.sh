#!/usr/bin/env bash
# Formats the C++ sources in place, or only checks them: tools/format.sh [--check]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(-i)
[[ ${1:-} == --check ]] && mode=(--dry-run --Werror)
git ls-files -z -co --exclude-standard '*.hpp' '*.cpp' '*.cu' | xargs -0 -r clang-format "${mode[@]}"
