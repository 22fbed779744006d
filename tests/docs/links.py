#!/usr/bin/env python3
"""Checks that what Markdown pages link to inside this repository is there, headings included: links.py ROOT"""
import pathlib
import re
import sys

LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def prose(page):
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """The names that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problems_of(root, page):
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or root not in target.parents:
            yield f"{page.relative_to(root)}: there is no {path}"
        elif anchor and anchor not in anchors(target):
            yield f"{page.relative_to(root)}: {path or 'the page'} has no heading #{anchor}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    pages = [page for page in sorted(root.rglob("*.md")) if not re.match(r"build/|\.", str(page.relative_to(root)))]
    problems = [problem for page in pages for problem in problems_of(root, page)]
    print("\n".join(problems) if problems else f"{len(pages)} pages")
    return 1 if problems or not pages else 0


sys.exit(main())
