#!/usr/bin/env bash
# Runs the Python that has vLLM's files and distload: with_vllm.sh ARGUMENTS...
#
# It is that of tools/vllm.sh. Without it, exits with 77.
set -euo pipefail
TEST_VENV=vllm exec "$(dirname "${BASH_SOURCE[0]}")/../with_python.sh" "$@"
