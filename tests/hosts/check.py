"""What the tests on pretend hosts have in common: their arguments, and a list of what has gone wrong."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

import pretend_hosts


class Checks:
    """Counts cases and keeps those that failed."""

    def __init__(self):
        self.failed = 0
        self.cases = 0

    def ended(self, name, ended, code, *patterns, errors=None):
        """A job has to end with `code`, with so many error lines (one, unless the code is 0), and with all patterns in its output."""
        self.cases += 1
        problems = []
        if ended.code != code:
            problems.append(f"exit code {ended.code} instead of {code}")
        wanted = (0 if code == 0 else 1) if errors is None else errors
        if len(ended.errors()) != wanted:
            problems.append(f"{len(ended.errors())} error lines instead of {wanted}")
        text = ended.out + ended.err
        problems += [f"the output has no /{pattern}/" for pattern in patterns if not re.search(pattern, text, re.MULTILINE)]
        self.report(name, problems, f"{ended.seconds:.1f} s", text)

    def says(self, name, text, *patterns):
        """A text has to match all patterns."""
        self.cases += 1
        self.report(name, [f"there is no /{pattern}/" for pattern in patterns if not re.search(pattern, text)], "", text)

    def that(self, name, holds, text=""):
        self.cases += 1
        self.report(name, [] if holds else ["it does not hold"], "", text)

    def report(self, name, problems, note, text):
        print(f"{'FAILED' if problems else 'ok    '} {name} {note}", flush=True)
        if problems:
            self.failed += 1
            print("\n".join(f"       {problem}" for problem in problems) + "\n" + text[:4000], flush=True)

    def exit(self):
        print(f"{self.cases - self.failed} of {self.cases} cases are right")
        sys.exit(1 if self.failed else 0)


def arguments():
    """The programs' folders and an empty folder to work in."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="distload's programs")
    parser.add_argument("--test-bin", type=pathlib.Path, help="the tests' programs")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder to work in; it is emptied")
    found = parser.parse_args()
    shutil.rmtree(found.work, ignore_errors=True)
    found.work.mkdir(parents=True)
    return found


def start(hosts=2):
    """Enters namespaces of the test's own. Returns arguments, hosts and checks."""
    pretend_hosts.enter()
    given = arguments()
    return given, pretend_hosts.PretendHosts(hosts), Checks()


def no_answer(ranks, host):
    """Pattern of a message that names all ranks of a host as silent: together, or one by one where they are in different phases."""
    together = rf"ranks {ranks[0]}-{ranks[-1]} on {host} do not answer"
    one_by_one = "".join(rf"(?=.*rank {rank} on {host} does not answer)" for rank in ranks)
    return rf"error: nothing has moved for [23]\.\d s: (?:{together}|{one_by_one})"


def synth(given, folder, *options, size="8MB"):
    """A synthetic checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([given.bin / "distload-synth", "--force", "--size", size, *options, folder], check=True, stdout=subprocess.DEVNULL)
    return folder
