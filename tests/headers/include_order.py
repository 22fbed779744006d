"""Checks that no file of a module includes a file of a later one, and that a source includes the header of its name first:
include_order.py ROOT MODULE...

The modules are those of CMakeLists.txt, from the bottom to the top. Exit code 1 if an include is against the order, or if there are no
files to check.
"""

import pathlib
import re
import sys

FIRST = re.compile(r'^#include [<"](.*)[>"]', re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<distload/([a-z_]+)/|"([a-z_]+)/)', re.MULTILINE)


def own_header(root, source):
    """The header of a source's name, as it is included; None if there is none."""
    name = source.relative_to(root / "src").with_suffix(".hpp")
    for include in (f"distload/{name}", str(name)):
        if any((root / folder / include).exists() for folder in ("include", "src")):
            return include
    return None


def main(root, *modules):
    place = {module: number for number, module in enumerate(modules)}
    files = 0
    found = 0
    for folder in ("include/distload", "src"):
        for path in sorted((pathlib.Path(root) / folder).rglob("*.[ch]pp")):
            files += 1
            if path.suffix == ".cpp" and (header := own_header(pathlib.Path(root), path)):
                if FIRST.search(path.read_text()).group(1) != header:
                    found += 1
                    print(f"{path.relative_to(root)}: does not include {header} first")
            module = path.relative_to(pathlib.Path(root) / folder).parts[0]
            for match in INCLUDE.finditer(path.read_text()):
                included = match.group(1) or match.group(2)
                if module in place and place.get(included, -1) > place[module]:
                    found += 1
                    line = path.read_text()[: match.end()].count("\n") + 1
                    print(f"{path.relative_to(root)}:{line}: {module} comes before {included}, and includes from it")
    print(f"{files} files, {found} includes against the order {' '.join(modules)}")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
