"""The kernels are C that every compiler takes."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

KERNELS = Path(__file__).resolve().parent.parent / "pipeline" / "lexer_pipeline" / "kernels"
# What Cython itself writes, and all compilers take.
ITS_OWN = "ISO C forbids conversion of function pointer to object pointer type"


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("gcc"), reason="needs GCC")
@pytest.mark.parametrize("kernel", sorted(KERNELS.glob("*.pyx")), ids=lambda path: path.stem)
def test_a_kernel_uses_nothing_that_only_one_compiler_knows(kernel: Path) -> None:
    source = kernel.with_suffix(".c")
    if not source.exists():
        pytest.skip("the kernels were not compiled here")
    flags = ["-fsyntax-only", "-std=c11", "-Wpedantic", "-Wno-overlength-strings"]
    call = ["gcc", *flags, "-isystem", sysconfig.get_path("include"), str(source)]
    said = subprocess.run(call, capture_output=True, text=True, check=False, timeout=300).stderr

    lines = [line for line in said.splitlines() if "warning: " in line or "error: " in line]
    assert [line for line in lines if ITS_OWN not in line] == []


def test_a_kernel_asks_for_what_gcc_builds_in_only_behind_a_guard() -> None:
    for path in (path for path in KERNELS.iterdir() if path.suffix in (".pxd", ".pyx")):
        uses = [line for line in path.read_text("utf-8").splitlines() if "__builtin_" in line]
        assert uses in ([], ["    #define first_bit(bits) __builtin_ctz(bits)"]), path.name
