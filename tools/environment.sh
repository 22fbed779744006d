# Sourced by the scripts of this project: settings of Open MPI for machines with few cores and for root.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_io=romio321

distload_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
distload_cache=${XDG_CACHE_HOME:-$HOME/.cache}/distload

# Prints one line per step; bold on a terminal.
step() {
  if [[ -t 1 ]]; then printf '\033[1m== %s\033[0m\n' "$*"; else printf '== %s\n' "$*"; fi
}

# build_preset <preset> [targets...]: configures and builds a preset. The target `programs` is configured without tests, which need more
# packages, as long as nothing else of the preset is built. On a terminal, one line shows how far it is; elsewhere nothing is
# printed unless it fails.
build_preset() {
  local preset=$1
  local targets=("${@:2}")
  local build=$distload_root/build/$preset
  cd "$distload_root"
  local tests=ON
  [[ ${targets[*]} != programs ]] || tests=OFF
  if ! [[ -f $build/build.ninja ]] || { [[ $tests == ON ]] && grep -qx "DISTLOAD_BUILD_TESTS:BOOL=OFF" "$build/CMakeCache.txt"; }; then
    mkdir -p build
    cmake --preset "$preset" "-DDISTLOAD_BUILD_TESTS=$tests" >"$build.log" 2>&1 || { cat "$build.log" >&2; return 1; }
  fi
  # Ninja starts two more compilers than there are processors by default, which takes a tenth longer on two.
  local command=(cmake --build --preset "$preset" -j"$(nproc)" ${targets[@]:+--target "${targets[@]}"})
  if [[ -t 1 ]]; then
    NINJA_STATUS='[%f/%t, %es] ' "${command[@]}"
  else
    "${command[@]}" >"$build.log" 2>&1 || { grep -v '^\[[0-9/]*\]' "$build.log" >&2; return 1; }
  fi
}
