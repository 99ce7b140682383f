"""Where the packages lie, and the compiled kernels: without a compiler all works without them, only slower."""

import runpy
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

ROOT = "pipeline"
KERNELS = Path(ROOT, "lexer_pipeline", "kernels")


def write_codes() -> None:
    """The whole numbers of codes.py as constants for the kernels, so that they are said once."""
    codes = runpy.run_path(str(KERNELS / "codes.py"))
    numbers = {name: value for name, value in codes.items() if name.isupper() and isinstance(value, int)}
    numbers |= {name.upper(): 1 << bit for bit, name in enumerate(codes["CHANGES"])}
    lines = (f"    {name} = {value}\n" for name, value in numbers.items())
    text = "# Made by setup.py from codes.py.\n\ncdef enum:\n" + "".join(lines)
    to = KERNELS / "codes.pxd"
    if not to.exists() or to.read_text() != text:  # a newer file would be compiled again
        to.write_text(text)


write_codes()
modules = cythonize(
    [
        Extension(
            f"lexer_pipeline.kernels.{source.stem}",
            [str(source)],
            depends=[str(shared) for shared in sorted(KERNELS.glob("*.pxd"))],
            extra_compile_args=["-O3"],
        )
        for source in sorted(KERNELS.glob("*.pyx"))
    ],
    include_path=[ROOT],
)
for module in modules:
    module.optional = True  # cythonize forgets it

setup(
    packages=[*find_packages(ROOT), "lexer_pipeline.schemas"],
    package_dir={"": ROOT, "lexer_pipeline.schemas": "schemas"},
    ext_modules=modules,
)
