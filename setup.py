"""Build the compiled kernels; without a compiler the package installs and works without them, only slower."""

from Cython.Build import cythonize
from setuptools import Extension, setup

modules = cythonize([Extension("pipeline.kernels", ["pipeline/kernels.pyx"], extra_compile_args=["-O3"])])
for module in modules:
    module.optional = True  # cythonize forgets it

setup(ext_modules=modules)
