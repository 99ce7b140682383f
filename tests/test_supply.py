"""What is pinned is what pyproject.toml asks for, by checksum alone; its licences were looked at; an audit says what it could not do."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from supply.licences import ELSEWHERE, FILE, HEAD, doubtful, installed, table
from supply.pins import FOLDER, LISTS, canonical, pinned
from tests.running import ROOT, environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
RUN = [*PROJECT["project"]["dependencies"], *EXTRAS["sandbox"], *PROJECT["build-system"]["requires"]]
WANTED = {
    "run": RUN,
    "test": [*RUN, *EXTRAS["dev"]],
    "bench": EXTRAS["bench"],
    "spark": EXTRAS["spark"],
    "moto": PROJECT["dependency-groups"]["moto"],
    "tools": [*PROJECT["build-system"]["requires"], *PROJECT["dependency-groups"]["tools"]],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in LISTS for text in WANTED[name]])
def test_what_the_project_asks_for_is_pinned_in_the_range_it_asks_for(name: str, text: str) -> None:
    wanted = Requirement(text)

    versions = pinned(name)[canonical(wanted.name)]

    assert all(wanted.specifier.contains(version) for version in versions)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_versions_and_checksums_and_no_place_to_fetch_them_from(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text("utf-8")
    hashed = r"[a-z0-9-]+==\S+(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"

    assert re.fullmatch(f"(?:{hashed})+", text)


def test_the_lists_name_one_version_of_a_package_but_for_the_store_which_has_an_environment_of_its_own() -> (
    None
):
    together = [name for name in LISTS if name != "moto"]
    for one in together:
        for other in together:
            both = pinned(one).keys() & pinned(other).keys()
            assert {name: pinned(one)[name] for name in both} == {name: pinned(other)[name] for name in both}


@pytest.mark.skipif(not shutil.which("make", path="/usr/bin:/bin"), reason="needs make")
@pytest.mark.parametrize(("words", "locked"), [([], True), (["LOCK=no"], False)])
def test_setup_installs_by_checksum_unless_told_otherwise(
    tmp_path: Path, words: list[str], locked: bool
) -> None:
    call = ["make", "--dry-run", f"VENV={tmp_path / 'venv'}", "setup", *words]
    said = subprocess.run(
        call, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True, timeout=60
    ).stdout
    installs = re.findall(r"pip install (--re\S+) (?:--requirement )?(\S+)", said)

    assert [how == "--require-hashes" for how, _ in installs] == [locked] * len(installs)
    assert [Path(what).stem.partition("-")[0] for _, what in installs] == ["run", "moto", "test"]


def test_the_page_of_licences_is_that_of_what_is_pinned_and_installed_here() -> None:
    page = FILE.read_text("utf-8")
    known = dict(line.strip("| ").split(" | ")[:2] for line in page.removeprefix(HEAD).splitlines())

    assert table(known) == page  # no package is missing and none is left over: else `make licences`
    assert doubtful(page) == []
    one_version = [name for name, versions in pinned("test").items() if len(versions) == 1]
    here = {name: licence for name, licence in (ELSEWHERE | installed()).items() if name in one_version}
    assert here == {name: known[name] for name in here}


@pytest.mark.parametrize(
    "licence", ["unknown", "AGPL-3.0-only", "GNU General Public License v3 or later (GPLv3+)", "Proprietary"]
)
def test_a_licence_that_nobody_looked_at_is_named(licence: str) -> None:
    known = dict.fromkeys(set().union(*map(pinned, LISTS)), "MIT")
    assert doubtful(table(known)) == []

    assert len(doubtful(table(known | {"numpy": licence}))) == 1


FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"]}


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "1 packages, and no vulnerability is known"),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [FLAW]}, {"name": "b", "skip_reason": "?"}]}, 1, "a 1: PYSEC-2026-1; mended in 2.0"),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "?"}]}, 5, "did not answer for 1 of 2 packages (b)"),
        ({"dependencies": []}, 5, "did not answer"),
        (None, 5, "Nothing was audited: the database of vulnerabilities cannot be reached."),
    ],
)  # fmt: skip
def test_an_audit_says_what_is_unsafe_and_what_it_could_not_find_out(
    tmp_path: Path, answer: object, code: int, says: str
) -> None:
    python, tool = tmp_path / "python", tmp_path / "pip-audit"
    python.symlink_to(sys.executable)
    said = "" if answer is None else json.dumps(answer)
    tool.write_text(f"#!{sys.executable}\nprint({said!r})\n")
    tool.chmod(0o755)

    done = subprocess.run(
        [python, "-m", "supply.audit", "supply/run.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, says in done.stdout + done.stderr) == (code, True), done.stderr
