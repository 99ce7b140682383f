"""Build the compiled kernels; without a compiler the package installs and works without them, only slower."""

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = ("checksums", "kernels", "json_kernels", "straight", "text_kernels")

modules = cythonize(
    [
        Extension(
            f"pipeline.{name}",
            [f"pipeline/{name}.pyx"],
            depends=["pipeline/primitives.pxd", "pipeline/csv_rows.pxd"],
            extra_compile_args=["-O3"],
        )
        for name in KERNELS
    ]
)
for module in modules:
    module.optional = True  # cythonize forgets it

setup(ext_modules=modules)
