"""Checks that no file of a module includes a file of a later one: include_order.py ROOT MODULE...

The modules are those of CMakeLists.txt, from the bottom to the top. Exit code 1 if an include is against the order, or if there are no
files to check.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<distload/([a-z_]+)/|"([a-z_]+)/)', re.MULTILINE)


def main(root, *modules):
    place = {module: number for number, module in enumerate(modules)}
    files = 0
    found = 0
    for folder in ("include/distload", "src"):
        for path in sorted((pathlib.Path(root) / folder).rglob("*.[ch]pp")):
            files += 1
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
