#!/usr/bin/env python3
"""Checks help, version, usage errors, man page and completion of the programs: check_programs.py SHARE MPIEXEC PROGRAM...

SHARE is the folder of the generated pages in the build. What needs groff, zsh or fish is left out, with a line, if they are not installed."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import time

# With this MPI_Init would fail.
WITHOUT_MPI = {**os.environ, "OMPI_MCA_pml": "none_such", "OMPI_MCA_btl": "none_such"}
# A line of words to complete, the last one unfinished, and what must and must not be offered.
COMPLETIONS = {
    "distload": [
        (["--tensor-p"], {"--tensor-parallel"}, {"--pipeline-parallel"}),
        (["--set", "load.eng"], {"load.engine="}, set()),
        (["--set", "load.engine", "=", "di"], {"direct"}, {"auto"}),
        (["--set", "load.verify", "="], {"true", "false"}, set()),
        (["--engine", ""], {"auto", "mmap", "direct", "buffered", "collective"}, set()),
        (["--engine", "=", "m"], {"mmap"}, {"auto"}),
        (["--out", "fol"], {"folder"}, {"file.yaml"}),
        (["--report", "fi"], {"file.yaml"}, set()),
        (["--tp", ""], set(), {"file.yaml", "folder"}),
        (["f"], {"file.yaml", "folder"}, set()),
        (["--step", ""], {"latest"}, {"file.yaml"}),
    ],
    "distload-bench": [
        (["cali"], {"calibrate"}, set()),
        (["infer", "--st"], {"--steps"}, {"--state"}),
        (["--st"], {"--step", "--state"}, {"--steps"}),
    ],
    "distload-inspect": [(["--ext"], {"--extents", "--extract"}, set())],
}
# What the help of a program, or of one of its commands, must name.
NAMED = {
    "distload-bench": ["--engine", "{auto,buffered,collective,direct,mmap}", "--part", "--json", "redistribute: ", "overlap: ", "infer: ", "calibrate: "],
    "distload-bench infer": ["--steps", "--json"],
    "distload-bench overlap": ["--milliseconds", "--trace"],
    "distload-bench redistribute": ["--chain", "--in-place", "--no-share "],
    "distload-inspect": ["--json", "--html", "--verify", "--tensor-parallel"],
    "distload-verify": ["--json", "--seal"],
}


class Failure(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Failure(text)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30, **options)


def options_in(help_text):
    return set(re.findall(r"(?<![\w-])--[a-z0-9][a-z0-9-]*", help_text))


def check_text(name, help_text):
    """Help is text to its last character, names what it must, and has none of CLI11's own texts for enumerations and switches that are off."""
    odd = {character for character in help_text if not character.isprintable() and character != "\n"}
    require(not odd, f"{name} --help has the characters {odd}")
    lacking = [what for what in NAMED.get(name, []) if what not in help_text]
    require(not lacking, f"{name} --help does not name {lacking}")
    internal = re.findall(r"\S*(?:->|\{false\})\S*", help_text)
    require(not internal, f"{name} --help has {internal}")


def check_help(program):
    shown = run(program, "--help", env=WITHOUT_MPI)
    require(shown.returncode == 0 and not shown.stderr, f"--help: {shown.returncode}, {shown.stderr}")
    example = shown.stdout.find(f" {program.name} ")
    require(0 < shown.stdout.find("\n  ") < shown.stdout.find("\nUsage: ") and 0 <= example, f"examples are not first:\n{shown.stdout}")
    require(max(map(len, shown.stdout.splitlines())) <= 110, "long lines in --help")
    check_text(program.name, shown.stdout)
    version = run(program, "--version", env=WITHOUT_MPI)
    require(version.returncode == 0 and re.search(r"^distload[a-z-]* +\d+\.\d+\.\d+$", version.stdout, re.MULTILINE), f"--version: {version}")
    wrong = run(program, "--frobnicate", env=WITHOUT_MPI)
    require(wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and f"{program.name} --help" in wrong.stderr, f"--frobnicate: {wrong}")
    for command in re.findall(r"^([a-z]+): ", shown.stdout, re.MULTILINE):
        of_command = run(program, command, "--help", env=WITHOUT_MPI)
        require(of_command.returncode == 0 and "Usage: " in of_command.stdout, f"{command} --help: {of_command}")
        check_text(f"{program.name} {command}", of_command.stdout)
    return shown.stdout


def check_job(mpiexec, program):
    """One copy in a job, whose processes leave without MPI."""
    for option, copies in (("--help", "Usage: "), ("--version", "distload")):
        shown = run(mpiexec, "-np", "3", program, option)
        require(shown.returncode == 0 and not shown.stderr and len(re.findall(f"^{copies}", shown.stdout, re.MULTILINE)) == 1,
                f"{option} in a job: {shown}")
    wrong = run(mpiexec, "-np", "3", program, "--frobnicate")
    require(wrong.returncode == 2 and wrong.stderr.count("distload: error: ") == 1, f"--frobnicate in a job: {wrong}")


def check_page(share, program, help_text, programs):
    page = share / "man" / "man1" / f"{program.name}.1"
    text = page.read_text()
    for option in options_in(help_text):
        require(option.replace("-", r"\-") in text, f"{page} lacks {option}")
    others = set(re.findall(r"^\\fB([a-z\\-]+)\\fR\(1\)", text, re.MULTILINE))
    require({name.replace("\\-", "-") for name in others} == programs - {program.name}, f"{page}: SEE ALSO has {others}")
    if not shutil.which("groff"):
        return print("not checked without groff: the syntax of man pages")
    shown = run("groff", "-man", "-ww", "-Tutf8", "-P-cbou", page)
    require(shown.returncode == 0 and not shown.stderr, f"{page}: {shown.stderr}")
    require("EXAMPLES" in shown.stdout and "EXIT STATUS" in shown.stdout, f"{page}: {shown.stdout}")


def complete_in_bash(script, name, words, work):
    code = f"""source {script}
COMP_WORDS=({" ".join(f"'{word}'" for word in [name, *words])}) COMP_CWORD={len(words)}
{"_" + name.replace("-", "_")}
printf '%s\\n' "${{COMPREPLY[@]}}" """
    shown = run("bash", "--norc", "--noprofile", "-c", code, cwd=work)
    require(shown.returncode == 0 and not shown.stderr, f"bash: {shown}")
    return {word for word in shown.stdout.split("\n") if word}


def check_completion(share, program, help_text, work):
    scripts = {shell: share / folder / name for shell, folder, name in (
        ("bash", "bash-completion/completions", program.name), ("zsh", "zsh/site-functions", f"_{program.name}"),
        ("fish", "fish/vendor_completions.d", f"{program.name}.fish"))}
    for shell, script in scripts.items():
        if not shutil.which(shell):
            print(f"not checked without {shell}: {script.name}")
            continue
        parsed = run(shell, "-n", script)
        require(parsed.returncode == 0 and not parsed.stderr, f"{shell} -n {script}: {parsed.stderr}")
    offered = complete_in_bash(scripts["bash"], program.name, ["--"], work)
    in_help = options_in(help_text[help_text.find("\nOptions:"):].split("\n\ncalibrate: ")[0])
    require({"--help", "--version"} <= offered <= options_in(help_text), f"bash offers {offered}, and help has {in_help}")
    for words, wanted, unwanted in COMPLETIONS.get(program.name, []):
        offered = complete_in_bash(scripts["bash"], program.name, words, work)
        require(wanted <= offered and not offered & unwanted, f"{program.name} {words}: {offered}")
    return scripts["bash"]


def check_terminal(script, work):
    """Types into an interactive bash, and reads what it writes."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(work)
        os.environ.update(TERM="dumb", PS1="> ", INPUTRC="/dev/null")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    try:
        written = ""

        def wait_for(text):
            nonlocal written
            end = time.monotonic() + 20
            while text not in written:
                ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
                require(ready, f"bash writes {written!r}, not {text!r}")
                written += os.read(terminal, 4096).decode(errors="replace")
            written = written[written.find(text) + len(text):]

        wait_for("> ")
        os.write(terminal, f"source {script}; echo is-$((1+1))\n".encode())
        wait_for("is-2")
        os.write(terminal, b"distload --set load.engine=dir\t")
        wait_for("--set load.engine=direct ")
        os.write(terminal, b"--tensor-par\t")
        wait_for("--tensor-parallel ")
        os.write(terminal, b"\x15exit\n")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def main():
    share, mpiexec, *paths = sys.argv[1:]
    share = pathlib.Path(share).resolve()
    programs = {pathlib.Path(path).name for path in paths}
    work = share.parent / "check_programs"
    (work / "folder").mkdir(parents=True, exist_ok=True)
    (work / "file.yaml").touch()
    failures = 0
    for program in map(pathlib.Path, paths):
        try:
            help_text = check_help(program)
            check_page(share, program, help_text, programs)
            script = check_completion(share, program, help_text, work)
            if program.name == "distload":
                check_terminal(script, work)
            if program.name in ("distload", "distload-verify"):
                check_job(mpiexec, program)
        except Failure as failure:
            failures += 1
            print(f"{program.name}: {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
