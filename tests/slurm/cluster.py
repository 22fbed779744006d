"""A real Slurm on pretend hosts: munge, slurmctld on the first host and a slurmd on each.

Everything lies in the namespaces of pretend_hosts, so that nothing meets another Slurm of this machine, and nothing is left over.
Slurm 22.05 of Debian 12 always loads a cgroup plugin: cgroup/v1 does nothing until something asks for it, cgroup/v2 needs systemd.
"""
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import check
import pretend_hosts

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Nodes that share /tmp need a TmpFS of their own: mpi/pmix makes spmix_appdir_UID_JOB.STEP there on every node.
# cred_expire is also how long a requeued job waits.
CONF = """\
ClusterName=pretend
SlurmctldHost=n1
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge/socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool/%n
TmpFS={dir}/tmp/%n
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/%n.pid
SlurmctldLogFile={dir}/log/slurmctld.log
SlurmdLogFile={dir}/log/%n.log
KillWait=10
MinJobAge=3600
NodeName=n[1-{hosts}] {machine} State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "srun")
MPI_PLUGIN = "mpi_pmix.so"
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")
# Of a job only these come from the caller's environment, not what ctest sets for tests under mpirun.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")


def why_not():
    """Why there can be no Slurm here, or nothing."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in PROGRAMS:
        if shutil.which(program) is None:
            return f"Slurm's tests need the program {program} (tools/setup.sh ci installs it)"
    if not any(pathlib.Path("/usr").glob(f"lib/*/slurm*/{MPI_PLUGIN}")):
        return f"Slurm has no {MPI_PLUGIN}"
    cores = re.findall(r"(?:Sockets|Boards|SocketsPerBoard|CoresPerSocket)=(\d+)", machine())
    if math.prod(map(int, cores)) < 2:
        return "Slurm's tests need 2 cores: jobs bind ranks to cores"
    return None


def machine():
    """The processors and the memory of this machine, for slurm.conf."""
    described = subprocess.run(["slurmd", "-C"], check=True, capture_output=True, text=True).stdout
    return " ".join(word for word in described.splitlines()[0].split() if not word.startswith("NodeName="))


class Job:
    """How a job has ended, as Slurm sees it."""

    def __init__(self, number, state, code, signal, seconds, out, err):
        self.number = number
        self.state = state
        self.code = code
        self.signal = signal
        self.seconds = seconds
        self.out = out
        self.err = err

    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("distload: error: ")]


class Cluster:
    """Slurm on all pretend hosts."""

    def __init__(self, hosts, work):
        self.hosts = hosts
        self.work = work
        self.dir = hosts.state / "slurm"
        for folder in ("munge", "state", "log", *(f"{kind}/{name}" for kind in ("spool", "tmp") for name in hosts.names)):
            (self.dir / folder).mkdir(parents=True)
        (self.dir / "slurm.conf").write_text(CONF.format(dir=self.dir, hosts=len(hosts.names), machine=machine()))
        (self.dir / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        self.environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        self.environment.update(SLURM_CONF=str(self.dir / "slurm.conf"))
        self._start_munge()
        self._daemon("n1", "slurmctld", "-D", "-c")
        for name in hosts.names:
            self._daemon(name, "slurmd", "-D")
        self._wait_for_nodes()

    def _start_munge(self):
        folder = self.dir / "munge"
        folder.chmod(0o711)
        subprocess.run(["mungekey", "--create", f"--keyfile={folder}/key"], check=True)
        self.munge = subprocess.Popen(["munged", "--foreground", "--force", f"--key-file={folder}/key", f"--socket={folder}/socket",
                                       f"--pid-file={folder}/pid", f"--log-file={folder}/log", f"--seed-file={folder}/seed"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not (folder / "socket").exists():
            if self.munge.poll() is not None or time.monotonic() > end:
                raise RuntimeError("munged did not start: " + self._log(folder / "log"))
            time.sleep(0.02)

    def _daemon(self, host, *command):
        subprocess.Popen(self.hosts.on(host, *command, "-f", str(self.dir / "slurm.conf")), env=self.environment, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _log(self, path):
        return path.read_text(errors="replace")[-2000:] if path.exists() else "(no log)"

    def _wait_for_nodes(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            idle = self.ask("sinfo", "-h", "-t", "idle", "-o", "%D", check=False).strip()
            if idle == str(len(self.hosts.names)):
                return
            time.sleep(0.2)
        logs = "\n".join(f"{path.name}: {self._log(path)}" for path in sorted((self.dir / "log").iterdir()))
        raise RuntimeError("Slurm's nodes did not come up\n" + logs)

    def ask(self, *command, check=True, environment=()):
        """The output of one of Slurm's commands."""
        done = subprocess.run(self.hosts.on("n1", *map(str, command)), env={**self.environment, **dict(environment)},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr}")
        return done.stdout

    def submit(self, script, *arguments, flags=(), **environment):
        """The number of a job of a script of jobs/, submitted as it is."""
        number = self.ask("sbatch", "--parsable", *flags, REPOSITORY / "jobs" / script, *arguments, environment=environment.items())
        return number.strip()

    def field(self, number, name):
        """A field of a job, e.g. JobState; of the first element of an array."""
        found = re.search(rf"\b{name}=(\S+)", self.ask("scontrol", "show", "job", number))
        return found.group(1) if found else ""

    def wait_until(self, holds, limit=30):
        """True once it holds."""
        end = time.monotonic() + limit
        while not (held := holds()) and time.monotonic() < end:
            time.sleep(0.1)
        return held

    def output(self, number, kind):
        """What the job has written so far to "out" or "err"."""
        path = self.work / f"distload-{self.field(number, 'JobId')}.{kind}"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait(self, number, limit=60):
        """How the job, e.g. 7 or 7_1, has ended; its state is "none", and it is killed, if it has not within `limit` seconds."""
        start = time.monotonic()
        state = "none"
        if self.wait_until(lambda: self.field(number, "JobState") in ENDED, limit):
            state = self.field(number, "JobState")
        else:
            self.ask("scancel", "--signal=KILL", "--full", number)
        seconds = time.monotonic() - start
        code, _, signal = self.field(number, "ExitCode").partition(":")
        return Job(number, state, int(code or -1), int(signal or -1), seconds, self.output(number, "out"), self.output(number, "err"))


class Checks(check.Checks):
    """Also judges jobs."""

    def job(self, name, job, state, codes, *patterns, errors=None, may_be_silent=False):
        """A job has to end in `state` with one of `codes`, with so many error lines (one, unless it is complete), and with all patterns in its output.

        `may_be_silent`: mpirun, which Slurm asks to end together with its ranks, may lose their last line.
        """
        self.cases += 1
        problems = []
        if job.state != state:
            problems.append(f"state {job.state} instead of {state}")
        if f"{job.code}:{job.signal}" not in codes:
            problems.append(f"exit code {job.code}:{job.signal} instead of {' or '.join(codes)}")
        if may_be_silent and not job.errors():
            patterns, errors = (), 0
        wanted = (0 if state == "COMPLETED" else 1) if errors is None else errors
        if len(job.errors()) != wanted:
            problems.append(f"{len(job.errors())} error lines instead of {wanted}")
        text = job.out + job.err
        problems += [f"the output has no /{pattern}/" for pattern in patterns if not re.search(pattern, text, re.MULTILINE)]
        self.report(name, problems, f"{job.code}:{job.signal} {job.seconds:.1f} s", text)


def start(hosts=2):
    """Goes on in namespaces of the script's own with Slurm on that many hosts, or skips the test. Returns arguments, cluster and checks."""
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(pretend_hosts.SKIPPED)
    given, pretend, _ = check.start(hosts)
    given.bin, given.work = given.bin.resolve(), given.work.resolve()
    os.environ["PATH"] = f"{given.bin}:{os.environ['PATH']}"
    os.chdir(given.work)  # where jobs write their outputs
    return given, Cluster(pretend, given.work), Checks()
