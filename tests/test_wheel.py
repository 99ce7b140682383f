"""What is built to be installed holds all that it needs, and works where it is installed.

Nothing is downloaded: what builds is installed already, and what the program needs is lent to the new environment.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from tests.docs.test_unattended import dockerfile

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pipeline" / "lexer_pipeline"
PARTS = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "pipeline",
    "schemas",
)
# What is built works as well without optimisation, and is there in a third of the time; the last level that is said holds.
QUICK = f'#!/bin/sh\nexec {sysconfig.get_config_var("CC")} "$@" -O0 -g0\n'
MADE = shutil.ignore_patterns("*.so", "*.c", "codes.pxd", "*.egg-info", "__pycache__")


def run(*call: str | Path, cwd: Path, **more: str) -> str:
    done = subprocess.run(
        list(map(str, call)), cwd=cwd, capture_output=True, text=True, check=False, timeout=600, env={**os.environ, **more}
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an sdist and of the wheel that is built from it; all processes that run tests share it."""
    base = tmp_path_factory.getbasetemp()
    tree = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tree"
    with FileLock(tree.with_suffix(".lock")):
        if not tree.exists():
            build(tree)
    return tree / "dist"


def build(tree: Path) -> None:
    """Build in a copy of this tree in which nothing was built before."""
    tree.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=MADE)
        else:
            shutil.copy(ROOT / name, tree / name)
    quick = tree.with_suffix(".cc")
    quick.write_text(QUICK)
    quick.chmod(0o700)
    run(
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        tree / "dist",
        tree,
        cwd=tree,
        CC=str(quick),
    )


def names_in_wheel(built: Path) -> set[str]:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_a_wheel_holds_the_modules_the_schemas_the_presets_and_the_compiled_kernels(built: Path) -> None:
    sources = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*.*")
        if path.suffix not in (".pyx", ".pxd", ".c", ".so", ".pyd", ".pyc")
    }
    schemas = {f"lexer_pipeline/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}
    found = names_in_wheel(built)
    compiled = {name for name in found if name.endswith((".so", ".pyd"))}

    assert {Path(name).name.split(".")[0] for name in compiled} == {
        path.stem for path in PACKAGE.rglob("*.pyx")
    }
    assert found - compiled == sources | schemas


def test_an_sdist_holds_what_is_compiled_and_not_what_is_made_of_it(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}

    kernels = {
        path.relative_to(ROOT).as_posix()
        for suffix in ("pyx", "pxd")
        for path in PACKAGE.rglob(f"*.{suffix}")
    } - {"pipeline/lexer_pipeline/kernels/codes.pxd"}
    assert {
        "LICENSE",
        "README.md",
        "setup.py",
        "pyproject.toml",
        "schemas/profile_customer.json",
    } | kernels <= found
    assert [name for name in found if name.endswith((".c", ".so", "codes.pxd"))] == []


def test_the_command_of_an_installed_wheel_works_beside_a_package_called_pipeline(
    built: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "fresh", with_pip=False)
    python = tmp_path / "fresh" / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", python, "--quiet", "install", "--no-index", "--no-deps"]
    run(*pip, wheel, cwd=tmp_path)
    home = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    (home / "lent.pth").write_text(f"{Path(pytest.__file__).resolve().parents[1]}\n")

    said = run(python, ROOT / "tests" / "smoke.py", ROOT / "samples", cwd=tmp_path)

    assert f"as installed in {home}" in said


def test_the_steps_of_the_docs_image_install_the_wheel_into_a_fresh_environment(
    built: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "fresh", with_pip=False)
    binaries = tmp_path / "fresh" / "bin"
    home = Path(
        run(
            binaries / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
        ).strip()
    )
    (home / "lent.pth").write_text(f"{Path(pytest.__file__).resolve().parents[1]}\n")
    (binaries / "pip").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m pip --python "{binaries}/python" --quiet "$@"\n'
    )
    (binaries / "pip").chmod(0o700)
    shutil.copytree(built, tmp_path / "dist")
    install, _ = (rest for kind, rest in dockerfile() if kind == "RUN")
    environ = {**os.environ, "PATH": f"{binaries}:/usr/bin:/bin", "PIP_NO_INDEX": "1"}

    def typed(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=600
        )  # fmt: skip

    done = typed(install.replace("/tmp/", f"{tmp_path}/"))

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "dist").exists()
    (entry,), words = (json.loads(rest) for kind, rest in dockerfile() if kind in ("ENTRYPOINT", "CMD"))
    started = typed(shlex.join([str(binaries / entry), *words]))
    assert (started.returncode, "nightly: there is no such job" in started.stderr) == (2, True)
