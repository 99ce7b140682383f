"""The kernels built once more, in a folder of their own, with the compiler's checks of addresses and undefined behaviour.

Cases run in one process that has these kernels in place of the usual ones; it dies at the first fault, and the fault's case is kept.
The build also counts the lines that are reached, and `reach.py` says which of the kernels' own they are.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import Cython

from tests.fuzz.corpus import ROOT
from tests.fuzz.reach import Reach, reached
from tests.fuzz.runner import HANGS, keep, work

KERNELS = ROOT / "pipeline" / "lexer_pipeline" / "kernels"
BUILD = ROOT / "build" / "sanitized"
FLAGS = (
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "--coverage",
    "-O0",
    "-g1",
    "-fPIC",
    "-shared",
    "-w",
)
ENOUGH = 0.90  # of the kernels' lines; below it the corpus has no case for something
CHECKS = {
    # Python keeps what it knows until its end, which is no leak; its own allocator would hide the ends of texts.
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1", "PYTHONMALLOC": "malloc",
}  # fmt: skip


def kernels(seed: int, seconds: float) -> int:
    """Play cases from `seed` on for so long on the checked kernels; how many things were found wrong."""
    with work() as folder:
        library = checked_library(folder)
        if library is None:
            print(
                "kernels: skipped, since no gcc with sanitizers and gcov is here; Debian has both in the package gcc"
            )
            return 0
        build = built()
        for old in build.glob("*.gcda"):
            old.unlink()
        failed = play(build, library, folder, seed, seconds)
    if failed or not seconds:
        return failed
    found = reached(build, KERNELS)
    print(f"kernels: {found.reached} of {found.lines} lines reached, {found.share:.1%}", flush=True)
    if found.share < ENOUGH:
        print(f"kernels: that is less than {ENOUGH:.0%}; the lines that no case reaches:\n{said(found)}")
    return int(found.share < ENOUGH)


def said(found: Reach) -> str:
    """The lines that nothing reached, a file a line."""
    return "\n".join(f"  {name}: {', '.join(map(str, lines))}" for name, lines in found.missed.items())


def checked_library(folder: Path) -> str | None:
    """Where gcc keeps the library that checks addresses; None where it cannot build with it."""
    gcc, tries = shutil.which("gcc"), folder / "tries.c"
    if not sys.platform.startswith("linux") or gcc is None or shutil.which("gcov") is None:
        return None
    tries.write_text("int one(void) { return 1; }\n")
    done = subprocess.run(
        [gcc, *FLAGS, "tries.c", "-o", "tries.so"], cwd=folder, capture_output=True, check=False
    )
    where = subprocess.run(
        [gcc, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return where if done.returncode == 0 and Path(where).is_absolute() else None


def built() -> Path:
    """The folder of the checked kernels, built where it is not there or its sources have changed."""
    sources = sorted(KERNELS.glob("*.pyx"))
    versions = [sys.version, Cython.__version__, *FLAGS]
    parts = [path.read_bytes() for path in [*sources, *sorted(KERNELS.glob("*.pxd"))]]
    digest = hashlib.sha256(b"\0".join([*parts, *(one.encode() for one in versions)])).hexdigest()[:12]
    build = BUILD / digest
    if (build / "done").exists():
        return build
    print("kernels: building them with sanitizers", flush=True)
    shutil.rmtree(BUILD, ignore_errors=True)
    build.mkdir(parents=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda source: compile_one(source, build), sources):
            pass
    (build / "done").touch()
    return build


def compile_one(source: Path, build: Path) -> None:
    """One kernel as C and as a library."""
    made, ending = build / f"{source.stem}.c", sysconfig.get_config_var("EXT_SUFFIX")
    subprocess.run(
        [sys.executable, "-m", "cython", "-I", "pipeline", str(source.relative_to(ROOT)), "-o", str(made)],
        cwd=ROOT,
        check=True,
    )
    headers = f"-I{sysconfig.get_paths()['include']}"
    words = ["gcc", *FLAGS, headers, made.name, "-o", f"{source.stem}{ending}"]
    subprocess.run(words, cwd=build, check=True)


def play(build: Path, library: str, folder: Path, seed: int, seconds: float) -> int:
    """One process with the checked kernels; whether it failed."""
    words = [sys.executable, "-m", "tests.fuzz.kernels", str(build), str(folder), str(seed), str(seconds)]
    path = os.pathsep.join((str(ROOT), str(ROOT / "pipeline")))
    environ = {**os.environ, **CHECKS, "LD_PRELOAD": library, "PYTHONPATH": path}
    try:
        done = subprocess.run(
            words, cwd=ROOT, env=environ, stderr=subprocess.PIPE, timeout=seconds + 5 * HANGS, check=False
        )
        code, err = done.returncode, done.stderr
    except subprocess.TimeoutExpired as late:
        code, err = 1, (late.stderr or b"") + b"it hangs"
    if code == 0:
        return 0
    current = folder / "seed"
    keep(
        "kernels",
        int(current.read_text()) if current.exists() else seed,
        folder / "case",
        err.decode("utf-8", "backslashreplace"),
    )
    return 1
