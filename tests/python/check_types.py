"""mypy --strict over the package and over the programs of its guide."""
import pathlib
import subprocess
import sys
import tempfile

from test_guide import PROGRAMS

# torch names its own functions in its packages without saying that they are exported.
SETTINGS = """[mypy]
strict = True
[mypy-torch.*]
implicit_reexport = True
"""


def main():
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        (folder / "mypy.ini").write_text(SETTINGS)
        for number, program in enumerate(PROGRAMS):
            (folder / f"program_{number}.py").write_text(program, encoding="utf-8")
        mypy = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache")]
        programs = sorted(file.name for file in folder.glob("*.py"))
        runs = [*mypy, "--strict", "-p", "distload"], [*mypy, "--config-file", "mypy.ini", *programs]
        return max(subprocess.run(run, cwd=folder, check=False).returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main())
