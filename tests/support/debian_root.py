"""Folders with a Debian (debootstrap), in which commands run as in a container: their own mounts and environment, the network of this machine."""
import os
import pathlib
import shutil
import socket
import subprocess

# Mounts of an own namespace end with the command. After pivot_root, and not after chroot, namespaces that are entered below have the same root.
IN_ROOT = """
set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
for folder in $SHARED; do mkdir -p "$root$folder"; mount --bind "$folder" "$root$folder"; done
cd "$root"
pivot_root . .
umount -l .
exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""
# How this machine reaches PyPI, if by settings of its own.
PIP_CERTIFICATES = "/etc/pip.crt"


def why_not():
    """Why there can be no such folders here, or nothing."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        return "folders with a Debian need root and debootstrap"
    return None


def base(folder, release):
    """A minimal Debian in that folder, made once."""
    if not (folder / "complete").exists():
        print(f"debootstrap {release}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", release, folder], check=True, stdout=subprocess.DEVNULL)
        shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
        # As container engines write it: without it, every start of a job looks for the name in the network.
        (folder / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {socket.gethostname()}\n", encoding="utf-8")
        if os.path.exists("/etc/pip.conf"):
            shutil.copy("/etc/pip.conf", folder / "etc/pip.conf")
        if certificates := os.environ.get("PIP_CERT"):
            shutil.copy(certificates, f"{folder}{PIP_CERTIFICATES}")
        (folder / "complete").touch()
    return folder


def copy(origin, root):
    """A Debian like another one, in place of what was there."""
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", origin, root], check=True)
    return root


def copy_repository(source, target):
    """The files of a git repository that git does not ignore, as a build sees them."""
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=source, check=True, stdout=subprocess.PIPE).stdout
    files = b"\0".join(name for name in files.split(b"\0") if name and (pathlib.Path(source) / os.fsdecode(name)).exists())
    target.mkdir(parents=True)
    archive = subprocess.run(["tar", "-C", source, "--null", "-T", "-", "-c"], input=files, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-C", target, "-x"], input=archive, check=True)


def command_in(root, *command, shared=(), environment=()):
    """The command that runs `command` in a folder with a Debian, and what its environment must have.

    `shared` are folders of this machine that it sees; `environment` has entries NAME=VALUE.
    """
    settings = list(environment)
    if os.path.exists(f"{root}{PIP_CERTIFICATES}"):
        settings.append(f"PIP_CERT={PIP_CERTIFICATES}")
    return (["unshare", "--mount", "--propagation", "private", "sh", "-c", IN_ROOT, "sh", str(root), *settings, *command],
            {**os.environ, "SHARED": " ".join(map(str, shared))})
