#!/usr/bin/env python3
"""Says in one line which tests have not run, and why: tests_not_run.py RESULTS.xml, with ctest's --show-only=json-v1 on stdin.

RESULTS.xml is the file of ctest's --output-junit. tools/test.sh calls this."""
import collections
import json
import sys
import xml.etree.ElementTree


def reason_of(case):
    """The last line that a skipped test has printed."""
    lines = (case.findtext("system-out") or "").strip().splitlines()
    return lines[-1].removeprefix("skipped: ") if lines else "no reason given"


def main():
    cases = list(xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase"))
    total = len(json.load(sys.stdin)["tests"])
    skipped = collections.Counter(reason_of(case) for case in cases if case.get("status") == "notrun")
    parts = [f"{count} skipped: {reason}" for reason, count in skipped.most_common()]
    if left_out := total - len(cases):
        parts.append(f"{left_out} not chosen: tools/test.sh --all runs all {total}")
    print(f"tests not run: {'; '.join(parts)}" if parts else f"all {total} tests have run")


if __name__ == "__main__":
    main()
