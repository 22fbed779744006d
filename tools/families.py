#!/usr/bin/env python3
"""The tables of families and of quantized formats in config/README.md, from the rule files and the list of the formats that are tested:
families.py writes them, families.py --check exits with 1 if they are other ones."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "config/README.md"
FORMATS = ROOT / "config/models/quantization/formats.yaml"
MADE_HERE = "made by tools/families.py -->\n"

sys.path.insert(0, str(ROOT / "tests/acceptance"))
import quantized_formats  # noqa: E402


def row(path):
    """A row for a rule file that serves models: its types, the family that it extends, and its first comment."""
    text = path.read_text()
    types = re.search(r"^model_types: \[(.*)\]$", text, re.MULTILINE)
    base = re.search(r"^extends: (\w+)$", text, re.MULTILINE)
    comment = re.match(r"(?:# .*\n)+", text)[0].replace("\n# ", " ").removeprefix("# ").strip()
    link = f"[{path.stem}](models/{path.name})"
    return f"| {link} | {types[1]} | {base[1] if base else ''} | {comment} |\n" if types else ""


def families():
    rows = "".join(row(path) for path in sorted((ROOT / "config/models").glob("*.yaml")))
    return f"| family | `model_type` | extends | |\n| --- | --- | --- | --- |\n{rows}"


def impossible_cuts(entry):
    """What a format's entry refuses, in words."""
    cuts = []
    refused = entry.partition("    refused:")[2].partition("\n    written:")[0]
    for refusal in re.split(r"\n      - ", refused)[1:]:
        cut = re.search(r"^ *cut: (\w+)$", refusal, re.MULTILINE)
        reason = re.search(r"^ *reason: (.*)$", refusal, re.MULTILINE)[1]
        cuts.append(f"{ {'in': 'by inputs', 'out': 'by outputs'}[cut[1]] if cut else 'all'}: {reason}")
    return "; ".join(cuts)


def formats():
    entries = re.split(r"^  (\w[^:\n]*):\n", FORMATS.read_text().partition("\nformats:\n")[2], flags=re.MULTILINE)[1:]
    known = dict(zip(entries[::2], entries[1::2]))
    rows = ""
    for name, entry in known.items():
        tried = [variant for variant in quantized_formats.FORMATS if variant.format == name]
        models = dict.fromkeys(family for variant in tried for family in variant.families)
        rows += f"| {name} | {'; '.join(variant.what for variant in tried)} | {', '.join(models)} | {impossible_cuts(entry)} |\n"
    unknown = {variant.format for variant in quantized_formats.FORMATS} - set(known)
    if unknown:
        sys.exit(f"tests/acceptance/quantized_formats.py names formats that formats.yaml lacks: {unknown}")
    return f"| format | tried | with | cuts that are impossible |\n| --- | --- | --- | --- |\n{rows}"


def replaced(page, what, table):
    """The page with another table between its marks."""
    before, rest = page.split(f"<!-- {what}: {MADE_HERE}")
    end = f"<!-- end of {what} -->\n"
    return f"{before}<!-- {what}: {MADE_HERE}{table}{end}{rest.split(end)[1]}"


def main():
    page = replaced(replaced(PAGE.read_text(), "families", families()), "formats", formats())
    if "--check" not in sys.argv:
        PAGE.write_text(page)
    elif page != PAGE.read_text():
        print("config/README.md has other tables of families or formats: run tools/families.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
