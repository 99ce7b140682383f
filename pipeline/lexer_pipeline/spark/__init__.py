"""The stages on a cluster: Spark hands out the sources of a run and tries again, and this process publishes one delivery."""

from importlib import import_module


def __getattr__(name: str) -> object:
    """What a program imports from here, once it asks for it: PySpark need not be there for anything else."""
    if name != "prepare":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module("lexer_pipeline.spark.session").check_installed()
    found: object = import_module("lexer_pipeline.spark.frames").prepare
    return found
