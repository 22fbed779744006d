"""Jobs under mpirun that can be killed."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

ERROR_LINE = re.compile(r"^distload: error: .*", re.MULTILINE)
RANK = re.compile(rb"(?:^|\0)OMPI_COMM_WORLD_RANK=(\d+)\0")
# Where a rank dies, mpirun kills the others at once instead of giving them a second for their last words.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_PROC_BIND": "false", "OMPI_MCA_odls_base_sigkill_timeout": "0"}
# For a program of one rank, without mpirun: nothing that it would need for more.
ALONE = {"OMPI_MCA_ess_singleton_isolated": "1", "OMPI_MCA_btl": "self", "OMPI_MCA_pml": "ob1"}


def run_alone(command):
    """Runs a program of one rank to its end."""
    return subprocess.run(command, env=os.environ | ENVIRONMENT | ALONE, capture_output=True, text=True, timeout=30, check=False)


class Job:
    """A command on some ranks, whose lines on stdout can be waited for. `environment` is that of the ranks alone."""

    def __init__(self, mpirun, ranks, command, environment):
        passed = [word for name, value in environment.items() for word in ("-x", f"{name}={value}")]
        self.command = [mpirun, "--oversubscribe", *passed, "-np", str(ranks), *map(str, command)]
        self.errors = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=os.environ | ENVIRONMENT, start_new_session=True
        )
        self.lines = []
        self.is_told = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.is_told:
                self.lines.append(line.strip())
                self.is_told.notify_all()
        with self.is_told:
            self.lines.append(None)  # the end
            self.is_told.notify_all()

    def wait_for(self, line, limit):
        """True if the line came; False if the job ended, or the time, without it."""
        with self.is_told:
            self.is_told.wait_for(lambda: line in self.lines or None in self.lines, limit)
            return line in self.lines

    def saved(self):
        """The last step of which the job has told that it is saved, or None."""
        with self.is_told:
            return max((int(line.split()[1]) for line in self.lines if line and line.startswith("saved ")), default=None)

    def rank_processes(self):
        """The process of every rank that has one yet, or still, by rank."""
        processes = {}
        for children in pathlib.Path("/proc").glob(f"{self.process.pid}/task/*/children"):
            for child in children.read_text().split():
                if found := RANK.search(environment_of(child)):
                    processes[int(found[1])] = int(child)
        return processes

    def end(self, limit, ranks=()):
        """Waits for the end of mpirun, and of those processes of ranks. Returns the exit code and what went wrong with the end."""
        problems = []
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
            problems.append(f"it did not end within {limit} s")
            self.process.terminate()  # mpirun ends its ranks then; it could not after SIGKILL
            self.process.wait()
        until = time.monotonic() + limit
        while left := [pid for pid in ranks if is_alive(pid)]:
            if time.monotonic() > until:
                problems.append(f"{len(left)} ranks went on for more than {limit} s after mpirun had ended")
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.01)
        self.reader.join()
        return code, problems

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read()

    def error_lines(self):
        return ERROR_LINE.findall(self.error_text())

    def describe(self, lines=8):
        """What to run by hand, and the last words."""
        return [" ".join(self.command), *self.error_text().splitlines()[-lines:]]


def environment_of(pid):
    """Empty if the process has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
