#!/usr/bin/env bash
# Generates the API reference of include/ and fails on wrong comments: tools/api_reference.sh
#
# The start page is build/api-reference/html/index.html.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$distload_root"
mkdir -p build
rm -rf build/api-reference
DISTLOAD_VERSION=$(sed -n 's/^project(distload VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
export DISTLOAD_VERSION
doxygen Doxyfile
