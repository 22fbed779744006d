#!/usr/bin/env python3
"""The table of families in config/README.md, from the rule files: families.py writes it, families.py --check exits with 1 if it is another one."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "config/README.md"
BEGIN, END = "<!-- families: made by tools/families.py -->\n", "<!-- end of families -->\n"


def row(path):
    """A row for a rule file that serves models: its types, the family that it extends, and its first comment."""
    text = path.read_text()
    types = re.search(r"^model_types: \[(.*)\]$", text, re.MULTILINE)
    base = re.search(r"^extends: (\w+)$", text, re.MULTILINE)
    comment = re.match(r"(?:# .*\n)+", text)[0].replace("\n# ", " ").removeprefix("# ").strip()
    link = f"[{path.stem}](models/{path.name})"
    return f"| {link} | {types[1]} | {base[1] if base else ''} | {comment} |\n" if types else ""


def main():
    rows = "".join(row(path) for path in sorted((ROOT / "config/models").glob("*.yaml")))
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page = f"{before}{BEGIN}| family | `model_type` | extends | |\n| --- | --- | --- | --- |\n{rows}{END}{after}"
    if "--check" not in sys.argv:
        PAGE.write_text(page)
    elif page != PAGE.read_text():
        print("config/README.md has another table of families: run tools/families.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
