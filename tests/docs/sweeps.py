#!/usr/bin/env python3
"""Checks the list of tests that tools/test.sh leaves out: sweeps.py SWEEPS.txt CTEST BUILD

Every line names tests that exist, and no test outside of the list needs a fixture that only tests of the list set up.
"""
import json
import re
import subprocess
import sys


def property_of(test, name):
    return next((found["value"] for found in test["properties"] if found["name"] == name), [])


def main():
    sweeps, ctest, build = sys.argv[1:4]
    with open(sweeps, encoding="utf-8") as lines:
        patterns = [line.strip() for line in lines if not line.startswith("#")]
    shown = subprocess.run([ctest, "--test-dir", build, "--show-only=json-v1"], check=True, stdout=subprocess.PIPE).stdout
    tests = json.loads(shown)["tests"]
    left_out = {test["name"] for test in tests if any(re.fullmatch(pattern, test["name"]) for pattern in patterns)}
    wrong = [f"no test is named {pattern}" for pattern in patterns if not any(re.fullmatch(pattern, test["name"]) for test in tests)]
    provided = {fixture for test in tests if test["name"] not in left_out for fixture in property_of(test, "FIXTURES_SETUP")}
    known = {fixture for test in tests for fixture in property_of(test, "FIXTURES_SETUP")}
    for test in tests:
        if test["name"] in left_out:
            continue
        missing = [fixture for fixture in property_of(test, "FIXTURES_REQUIRED") if fixture in known - provided]
        wrong += [f"{test['name']} needs {fixture}, which only tests of the list set up" for fixture in missing]
    print("\n".join(wrong) or f"{len(left_out)} of {len(tests)} tests are left out, none of which the others need")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
