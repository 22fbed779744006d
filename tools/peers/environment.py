"""The Python environment of the peers: a virtual environment in the user's cache, on top of Debian's packages."""
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "distload"
PREFIX = CACHE / "venv-peers"
PYTHON = PREFIX / "bin/python"
REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
STAMP = "distload.stamp"
SYSTEM_IMPORTS = "numpy, h5py, mpi4py, xxhash"
IMPORTS = SYSTEM_IMPORTS + ", torch, safetensors, fastsafetensors, runai_model_streamer, matplotlib"


def stamp():
    """Identifies the inputs of an environment, which is rebuilt when they change."""
    sources = (REQUIREMENTS, ROOT / "tests/transformers/requirements.txt", pathlib.Path(__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def packages_of(prefix):
    return next(prefix.glob("lib/python3*/site-packages"))


def can_import(python, modules):
    return subprocess.run([python, "-c", f"import {modules}"], check=False, stderr=subprocess.DEVNULL).returncode == 0


def system_python():
    """The Python of Debian's packages; PATH may begin with another one."""
    for python in ("/usr/bin/python3", "python3"):
        if shutil.which(python) and can_import(python, SYSTEM_IMPORTS):
            return python
    raise SystemExit("peers: no python3 has numpy, h5py, mpi4py and xxhash; tools/setup.sh installs Debian's")


def link_torch(packages):
    """Links the packages that tools/transformers.sh installed, since torch is large and needs no CUDA libraries there. Except numpy: Debian's h5py
    and mpi4py need Debian's numpy."""
    made = subprocess.run([ROOT / "tools/transformers.sh"], check=True, stdout=subprocess.PIPE, text=True)
    for entry in packages_of(pathlib.Path(made.stdout.strip())).iterdir():
        if not entry.name.startswith(("numpy", "__pycache__")):
            (packages / entry.name).symlink_to(entry)


@functools.cache
def install_distload():
    """Installs distload's Python package as it is in this folder, which compiles it, and links it into the environment."""
    made = subprocess.run([ROOT / "tools/python.sh"], check=True, stdout=subprocess.PIPE, text=True)
    link = packages_of(PREFIX) / "distload"
    link.unlink(missing_ok=True)
    link.symlink_to(packages_of(pathlib.Path(made.stdout.splitlines()[-1])) / "distload")
    if not can_import(PYTHON, "distload"):
        raise SystemExit(f"peers: {PYTHON} cannot import {link}")


def python():
    """The environment's Python; makes the environment if it is missing."""
    is_made = (PREFIX / STAMP).is_file() and (PREFIX / STAMP).read_text() == stamp()
    if not is_made:
        print(f"peers: installing into {PREFIX}", flush=True)
        shutil.rmtree(PREFIX, ignore_errors=True)
        subprocess.run([system_python(), "-m", "venv", "--system-site-packages", "--without-pip", PREFIX], check=True)
        link_torch(packages_of(PREFIX))
        install = ["install", "--quiet", "--no-deps", "--ignore-installed", "--no-cache-dir", "-r", REQUIREMENTS]
        subprocess.run(["python3", "-m", "pip", "--python", PYTHON, *install], check=True)
        if not can_import(PYTHON, IMPORTS):
            raise SystemExit(f"peers: the environment in {PREFIX} lacks one of {IMPORTS}")
        (PREFIX / STAMP).write_text(stamp())
    return PYTHON
