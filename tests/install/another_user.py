#!/usr/bin/env python3
"""Uses an installed distload as another user than the one who has installed it.

A copy of PREFIX lies elsewhere. User nobody, with an empty home, configures the examples that were installed, builds one and runs it. If Kokkos was
installed with distload, it must be found there; without it the error must name Kokkos_ROOT, and with Kokkos_ROOT it must be found again.
Exits with 77 if this user cannot become another one.
"""
import argparse
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
PATH = "/usr/local/bin:/usr/bin:/bin"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--c-compiler", required=True)
    parser.add_argument("--cxx-compiler", required=True)
    parser.add_argument("--cxx-flags", default="")
    parser.add_argument("--kokkos", default="", help="folder below the prefix with the Kokkos that was installed with distload, if one was")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0:
        print("only root can become another user")
        return SKIPPED
    user = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(prefix="distload-another-user-") as folder:
        work = pathlib.Path(folder)
        work.chmod(0o755)
        copy, home = work / "prefix", work / "home"
        shutil.copytree(arguments.prefix, copy, symlinks=True)
        home.mkdir()
        os.chown(home, user.pw_uid, user.pw_gid)

        def run(*command):
            return subprocess.run(command, cwd=home, user=user.pw_uid, group=user.pw_gid, extra_groups=[], text=True,
                                  env={"PATH": PATH, "HOME": str(home), "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        def configure(build, *options):
            return run("cmake", "-G", arguments.generator, "-S", copy / "share/doc/distload/examples", "-B", home / build, f"-DCMAKE_PREFIX_PATH={copy}",
                       f"-DCMAKE_C_COMPILER={arguments.c_compiler}", f"-DCMAKE_CXX_COMPILER={arguments.cxx_compiler}", f"-DCMAKE_CXX_FLAGS={arguments.cxx_flags}", *options)

        def kokkos_of(build):
            cache = (home / build / "CMakeCache.txt").read_text()
            return next(line.split("=", 1)[1] for line in cache.splitlines() if line.startswith("Kokkos_DIR:"))

        def must_succeed(done):
            if done.returncode != 0:
                sys.exit(f"{done.args} as {user.pw_name}:\n{done.stdout}")
            return done.stdout

        must_succeed(configure("build"))
        must_succeed(run("cmake", "--build", home / "build", "--target", "shard"))
        if "put together again: 0 elements differ" not in must_succeed(run(home / "build/shard")):
            sys.exit("the example does not print what it should")

        if arguments.kokkos:
            bundled, elsewhere = copy / arguments.kokkos, work / "kokkos"
            if bundled not in pathlib.Path(kokkos_of("build")).parents:
                sys.exit(f"Kokkos was found in {kokkos_of('build')} instead of {bundled}")
            bundled.rename(elsewhere)
            failed = configure("build_without_kokkos")
            if failed.returncode == 0 or "set Kokkos_ROOT" not in " ".join(failed.stdout.split()):
                sys.exit(f"without Kokkos, the error does not name Kokkos_ROOT:\n{failed.stdout}")
            must_succeed(configure("build_with_kokkos_root", f"-DKokkos_ROOT={elsewhere}"))
            if elsewhere not in pathlib.Path(kokkos_of("build_with_kokkos_root")).parents:
                sys.exit(f"Kokkos was found in {kokkos_of('build_with_kokkos_root')} instead of Kokkos_ROOT")
    return 0


sys.exit(main())
