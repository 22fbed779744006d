"""Pretend hosts on one machine: network namespaces on a bridge, each with its own host name, mounts, /dev/shm and System V IPC.

A test script calls `enter()` first: it starts itself anew as the first process of namespaces of its own (processes, mounts, network), in which all
else happens. So names cannot collide with other runs, and whatever way the script ends, killed included, the kernel removes all of it.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
NET = "10.77.0"
UNSHARE = ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
INSIDE = "PRETEND_HOSTS_INSIDE"

# Open MPI's "ssh": runs what mpirun wants started in the namespaces of a pretend host.
AGENT = """#!/bin/sh
host=$1
shift
exec nsenter --target "$(cat {state}/$host.pid)" --net --uts --ipc --mount --wd="$PWD" sh -c "$*"
"""


def why_not():
    """Why there can be no pretend hosts here, or nothing."""
    if os.geteuid() != 0:
        return "pretend hosts need root"
    for program in ("ip", "tc", "unshare", "nsenter", "mpirun"):
        if shutil.which(program) is None:
            return f"pretend hosts need the program {program} (Debian's iproute2 and util-linux)"
    trial = subprocess.run([*UNSHARE, "sh", "-c", "ip link add probe type bridge && mount -t tmpfs probe /mnt"], capture_output=True, text=True)
    return f"this machine has no network namespaces for pretend hosts: {trial.stderr.strip()}" if trial.returncode else None


def enter():
    """Goes on in namespaces of the script's own, or ends it with SKIPPED where there can be none."""
    if os.environ.get(INSIDE) == "1":
        return
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    os.environ.update({INSIDE: "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_io": "romio321"})
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv])


def run(*command):
    subprocess.run(command, check=True)


class Ended:
    """How a job has ended."""

    def __init__(self, code, seconds, out, err):
        self.code = code
        self.seconds = seconds
        self.out = out
        self.err = err

    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("distload: error: ")]


class Job:
    """mpirun over pretend hosts, going on."""

    def __init__(self, hosts, command):
        self.hosts = hosts
        self.out = tempfile.TemporaryFile(mode="w+", dir=hosts.state)
        self.err = tempfile.TemporaryFile(mode="w+", dir=hosts.state)
        self.start = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err)

    def has_said(self, text, limit=30):
        """True once the job has said it."""
        end = time.monotonic() + limit
        while time.monotonic() < end and self.process.poll() is None:
            with open(f"/proc/self/fd/{self.out.fileno()}", encoding="utf-8") as out:
                if text in out.read():
                    return True
            time.sleep(0.05)
        return False

    def wait(self, limit):
        """Ended; its code is None if the job did not end within `limit` seconds."""
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            code = None
        seconds = time.monotonic() - self.start
        for stream in (self.out, self.err):
            stream.flush()
            stream.seek(0)
        return Ended(code, seconds, self.out.read(), self.err.read())


class PretendHosts:
    """Hosts n1, n2, ... that share the machine's files until `show` says otherwise."""

    def __init__(self, count):
        # In memory of this namespace of mounts: it goes with it.
        run("mount", "-t", "tmpfs", "distload-hosts", "/mnt")
        self.state = pathlib.Path("/mnt")
        self.pids = {}
        self.names = [f"n{k}" for k in range(1, count + 1)]
        (self.state / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{NET}.{k} n{k}\n" for k in range(1, count + 1)))
        agent = self.state / "agent"
        agent.write_text(AGENT.format(state=self.state))
        agent.chmod(0o755)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "bridge", "type", "bridge")
        run("ip", "link", "set", "bridge", "up")
        for number, name in enumerate(self.names, 1):
            self._make(name, number)

    def _make(self, name, number):
        ready = self.state / f"{name}.pid"
        script = (f"hostname {name} && mount -t tmpfs -o mode=1777 shm /dev/shm && mount --bind {self.state}/hosts /etc/hosts && "
                  f"echo $$ > {ready}.new && mv {ready}.new {ready} && exec sleep infinity")
        process = subprocess.Popen(["unshare", "--net", "--uts", "--ipc", "--mount", "--propagation", "private", "sh", "-c", script],
                                   stdin=subprocess.DEVNULL)
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError(f"host {name} did not come up")
            time.sleep(0.01)
        self.pids[name] = process.pid
        run("ip", "link", "add", f"v{name}", "type", "veth", "peer", "name", "eth0", "netns", str(process.pid))
        run("ip", "link", "set", f"v{name}", "master", "bridge", "up")
        self.sh(name, "ip", "addr", "add", f"{NET}.{number}/24", "dev", "eth0")
        self.sh(name, "ip", "link", "set", "eth0", "up")
        self.sh(name, "ip", "link", "set", "lo", "up")

    def on(self, name, *command):
        """The command line that runs `command` on that host."""
        return ["nsenter", "--target", str(self.pids[name]), "--net", "--uts", "--ipc", "--mount", f"--wd={os.getcwd()}", *command]

    def sh(self, name, *command):
        run(*self.on(name, *command))

    def show(self, name, folder, at):
        """From now on, host `name` sees `folder` where the others see `at`."""
        self.sh(name, "mount", "--bind", str(folder), str(at))

    def share_again(self, name, at):
        self.sh(name, "umount", str(at))

    def slow_down(self, name, rate):
        """Limits what the host sends and receives to `rate`, e.g. 200mbit."""
        shape = ["root", "tbf", "rate", rate, "burst", "256k", "latency", "50ms"]
        self.sh(name, "tc", "qdisc", "replace", "dev", "eth0", *shape)
        run("tc", "qdisc", "replace", "dev", f"v{name}", *shape)

    def speed_up(self, name):
        self.sh(name, "tc", "qdisc", "del", "dev", "eth0", "root")
        run("tc", "qdisc", "del", "dev", f"v{name}", "root")

    def cut(self, name):
        """The host's cable is pulled."""
        run("ip", "link", "set", f"v{name}", "down")

    def mend(self, name):
        """The host's cable is plugged in again. Returns when another host gets an answer from it: a refusal, since nothing listens there."""
        run("ip", "link", "set", f"v{name}", "up")
        other = next(host for host in self.names if host != name)
        connect = self.on(other, "timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{name}/9")
        end = time.monotonic() + 30
        while "refused" not in subprocess.run(connect, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stderr:
            if time.monotonic() > end:
                raise RuntimeError(f"{other} does not reach {name}")
            time.sleep(0.1)

    def give_up_soon(self):
        """Connections to a host that does not answer break after seconds instead of a quarter of an hour: mpirun waits for them to."""
        for name in self.names:
            self.sh(name, "sh", "-c", "echo 3 > /proc/sys/net/ipv4/tcp_retries2")

    def start(self, *command, ranks=2, hosts=None, settings=()):
        """Starts `command` by mpirun on the first host, with `ranks` ranks on each."""
        slots = ",".join(f"{name}:{ranks}" for name in hosts or self.names)
        flags = ["--host", slots, "--mca", "plm_rsh_agent", str(self.state / "agent"), "--oversubscribe", "--bind-to", "none"]
        for setting in settings:
            flags += ["-x", setting]
        return Job(self, self.on("n1", "mpirun", *flags, *map(str, command)))

    def run(self, *command, limit=30, **keywords):
        return self.start(*command, **keywords).wait(limit)

    def pids_of(self, program, host=None):
        """Living processes of that name, on one host or on all; none but this run's, since only they are in this namespace of processes."""
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                name, _, state = (folder / "stat").read_text().split("(", 1)[1].rpartition(") ")
                if name != program[:15] or state[0] == "Z":
                    continue
                if host and os.stat(folder / "ns/net").st_ino != os.stat(f"/proc/{self.pids[host]}/ns/net").st_ino:
                    continue
            except OSError:
                continue  # it has ended meanwhile
            found.append(int(folder.name))
        return sorted(found)

    def stop(self, pid):
        os.kill(pid, signal.SIGSTOP)

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)

    def left_over(self, *programs, limit=20):
        """Processes of those programs that are there after `limit` seconds."""
        end = time.monotonic() + limit
        while (left := [pid for program in programs for pid in self.pids_of(program)]) and time.monotonic() < end:
            time.sleep(0.1)
        return left
