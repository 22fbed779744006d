#!/usr/bin/env python3
"""Loads the installed modulefiles, in Lua and in Tcl, with Lmod: modulefiles.py --prefix FOLDER --version VERSION

Exits with 77 on a machine without Lmod.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
LMOD = pathlib.Path("/usr/share/lmod/lmod/libexec/lmod")


def loaded(modulefiles, *commands):
    """The variables that `module` sets in a shell."""
    script = f"set -e; export MODULEPATH={modulefiles}\n"
    script += "".join(f'eval "$({LMOD} bash {command})"\n' for command in commands)
    done = subprocess.run(["bash", "-c", script + "/usr/bin/env -0"], env={"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(done.stdout.decode())
    return dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if "=" in entry)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefix", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    if not LMOD.exists():
        print("Lmod is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        for language, other in (("Lua", arguments.version), ("Tcl", f"{arguments.version}.lua")):
            # A prefix that has been moved, with the file of one language.
            prefix = pathlib.Path(folder).resolve() / language
            modulefiles = prefix / "share/distload/modulefiles"
            shutil.copytree(arguments.prefix / "share/distload/modulefiles", modulefiles)
            (modulefiles / "distload" / other).unlink()
            expected = {"PATH": f"{prefix}/bin:/usr/bin:/bin", "CMAKE_PREFIX_PATH": str(prefix), "MANPATH": f"{prefix}/share/man:",
                        "DISTLOAD_ROOT": str(prefix)}
            found = loaded(modulefiles, "load distload")
            found["MANPATH"] = found.get("MANPATH", "").replace("::", ":")
            for name, value in expected.items():
                if found.get(name) != value:
                    sys.exit(f"{language}: {name} is {found.get(name)} instead of {value}")
            after = loaded(modulefiles, "load distload", f"unload distload/{arguments.version}")
            if after["PATH"] != "/usr/bin:/bin" or "DISTLOAD_ROOT" in after:
                sys.exit(f"{language}: unload leaves {after}")
    return 0


sys.exit(main())
