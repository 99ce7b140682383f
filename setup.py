"""Where the packages lie, and the kernels, which a C compiler makes; a wheel has them."""

import os
import runpy
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, PlatformError

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


class BuildKernels(build_ext):
    """Compiles on all cores, with the flags that the compiler at hand understands."""

    def finalize_options(self) -> None:
        """Take as many compilers at a time as there are cores, unless told otherwise."""
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        """Make C of the sources, only now that it is needed, and ask for the highest level of optimisation."""
        flag = "/O2" if self.compiler.compiler_type == "msvc" else "-O3"
        made = cythonize(self.extensions, include_path=[ROOT], quiet=True)
        for extension, one in zip(self.extensions, made, strict=True):
            extension.sources = one.sources
            extension.extra_compile_args = [flag]
        try:
            super().build_extensions()
        except (CompileError, PlatformError) as problem:
            raise SystemExit(
                f"lexer-pipeline: its kernels could not be compiled ({problem}).\n"
                "Install a wheel for this machine, or a C compiler and the headers of Python, and try again."
            ) from None


write_codes()
setup(
    packages=[*find_packages(ROOT), "lexer_pipeline.schemas"],
    package_dir={"": ROOT, "lexer_pipeline.schemas": "schemas"},
    ext_modules=[
        Extension(
            f"lexer_pipeline.kernels.{source.stem}",
            [str(source)],
            depends=[str(shared) for shared in sorted(KERNELS.glob("*.pxd"))],
        )
        for source in sorted(KERNELS.glob("*.pyx"))
    ],
    cmdclass={"build_ext": BuildKernels},
)
