"""Where the packages lie, and the compiled kernels: without a compiler all works without them, only slower."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

ROOT = "pipeline"
KERNELS = f"{ROOT}/lexer_pipeline/kernels"

modules = cythonize(
    [
        Extension(
            f"lexer_pipeline.kernels.{source.stem}",
            [str(source)],
            depends=[str(shared) for shared in sorted(Path(KERNELS).glob("*.pxd"))],
            extra_compile_args=["-O3"],
        )
        for source in sorted(Path(KERNELS).glob("*.pyx"))
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
