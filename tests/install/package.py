#!/usr/bin/env python3
"""Makes the Debian package of the programs and runs them from where it is unpacked: package.py --build FOLDER --work FOLDER --version VERSION

Exits with 77 on a machine without the tools for Debian packages.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
PROGRAMS = ["distload", "distload-bench", "distload-infer", "distload-inspect", "distload-plan-bench", "distload-synth", "distload-verify"]
FILES = ["share/distload/models/llama.yaml", "share/distload/machines/8xh100.yaml", "share/distload/reference.yaml", "share/distload/jobs/slurm.sbatch",
         "share/doc/distload/README.md", "share/doc/distload/LICENSE", "share/doc/distload/config/README.md"]
DEPENDS = ["openmpi-bin", "libc6", "libopenmpi3", "libyaml-cpp0", "libxxhash0", "liburing2"]


def output_of(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ends with {done.returncode}:\n{done.stdout}")
    return done.stdout


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--cpack", default="cpack")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not all(map(shutil.which, ["dpkg-deb", "dpkg-shlibdeps", "file"])):
        print("there are no tools for Debian packages")
        return SKIPPED
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    output_of(arguments.cpack, "--config", arguments.build / "CPackConfig.cmake", "-B", arguments.work, "-D", "CPACK_COMPONENTS_ALL=programs",
              "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=zstd")
    (package,) = arguments.work.glob("*.deb")

    problems = []
    if output_of("dpkg-deb", "-f", package, "Version").strip() != arguments.version:
        problems.append(f"{package.name} is not of version {arguments.version}")
    depends = output_of("dpkg-deb", "-f", package, "Depends")
    problems += [f"{package.name} does not depend on {name}: {depends}" for name in DEPENDS if not re.search(rf"\b{re.escape(name)}", depends)]
    content = output_of("dpkg-deb", "-c", package)
    expected = [f"bin/{program}" for program in PROGRAMS] + FILES
    problems += [f"{package.name} has no {name}" for name in expected if f" ./usr/{name}\n" not in content]
    problems += [f"{package.name} has {name}" for name in ["modulefiles", "include/", ".a\n", "root/.", "home/"] if name in content]

    root = arguments.work / "root"
    output_of("dpkg-deb", "-x", package, root)
    for program in PROGRAMS:
        libraries = output_of("ldd", root / "usr/bin" / program)
        problems += [f"{program}: {line.strip()}" for line in libraries.splitlines() if "not found" in line or "/root/" in line or "/home/" in line]
    if problems:
        sys.exit("\n".join(problems))

    build_script = pathlib.Path(__file__).resolve().parents[2] / "jobs/containers/build.sh"
    checked = output_of(build_script, "check", env={"PATH": f"{root / 'usr/bin'}:/usr/bin:/bin", "HOME": str(arguments.work), "OMP_NUM_THREADS": "1"})
    print(depends, checked)
    shutil.rmtree(arguments.work)
    return 0


sys.exit(main())
