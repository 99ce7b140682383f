"""The licences of all that is pinned: `python -m supply.licences VENV...` writes licences.md, or says which nobody looked at."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from supply.pins import FOLDER, LISTS, canonical, pinned

FILE = FOLDER / "licences.md"
HEAD = """# Licences of dependencies

Made by `make licences` from what the packages say of themselves; `run` is what users install, the rest is for work on this project.

| package | licence | in |
|---|---|---|
"""
# What may be used; a licence of other words is looked at by a person before it stands here.
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD License", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
    "Unlicense",
    "Apache-2.0 AND MIT", "Apache-2.0 OR BSD-2-Clause", "Apache-2.0 OR BSD-3-Clause", "Apache-2.0 OR MIT", "MIT OR Apache-2.0",
    # psycopg: an extra that a user installs from its makers; nothing here bundles or changes it.
    "LGPL-3.0-only",
    "Apache-2.0 AND CNRI-Python",
    # docutils: the GPL part is an editor's file that its wheel does not have.
    "Public Domain AND BSD License AND GNU General Public License (GPL)",
    "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "LGPL-2.1-only OR MIT", "MIT AND PSF-2.0", "MPL-2.0 AND (Apache-2.0 OR MIT)",
}  # fmt: skip
# What only works on this project, and is in nothing that anybody is given.
FOR_TOOLS = {"GNU General Public License v3 or later (GPLv3+)"}
WORDS = {
    "BSD": "BSD License",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Installed on other systems alone, as their pages say.
ELSEWHERE = {"colorama": "BSD-3-Clause", "pywin32": "PSF-2.0", "pywin32-ctypes": "BSD-3-Clause"}


def licence_of(package: Distribution) -> str:
    """What a package says of itself: an expression, else its classifiers, else a line of its own."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return str(expression)
    said = [
        str(one).rpartition(" :: ")[2]
        for one in about.get_all("Classifier", [])
        if one.startswith("License :: ") and one != "License :: OSI Approved"
    ]
    words = said or str(about.get("License") or "unknown").splitlines()[:1]
    return " AND ".join(WORDS.get(one, one) for one in words)


def installed(folders: Sequence[str] | None = None) -> dict[str, str]:
    """The licences of the packages in these folders, or of this Python."""
    some = distributions(path=list(folders)) if folders is not None else distributions()
    return {canonical(one.metadata["Name"]): licence_of(one) for one in some}


def table(licences: Mapping[str, str]) -> str:
    """The page, a line for each package that is pinned."""
    lists = {name: pinned(name) for name in LISTS}
    lines = [
        f"| {package} | {licences.get(package, 'unknown')} | {' '.join(name for name in LISTS if package in lists[name])} |\n"
        for package in sorted(set().union(*lists.values()))
    ]
    return HEAD + "".join(lines)


def doubtful(page: str) -> list[str]:
    """The lines of a page whose licence nobody looked at."""
    found = []
    for line in page.removeprefix(HEAD).splitlines():
        _, licence, lists = line.strip("| ").split(" | ")
        if licence not in (ALLOWED | FOR_TOOLS if lists == "tools" else ALLOWED):
            found.append(line)
    return found


def main(environments: Sequence[str]) -> int:
    """Write the page; 1 where a licence is not among those that may be used."""
    folders = [str(path) for one in environments for path in Path(one).glob("[lL]ib/**/site-packages")]
    page = table(ELSEWHERE | installed(folders))
    if found := doubtful(page):
        sys.stderr.write("Nobody looked at these licences yet (ALLOWED of supply/licences.py):\n")
        sys.stderr.write("".join(f"{line}\n" for line in found))
        return 1
    FILE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
