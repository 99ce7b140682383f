"""What a person who said neither --spec nor --map is told: what the columns are likely to be."""

from importlib import import_module

from lexer_pipeline.preparing.unrecognised import NotRecognised

SPEC = "--spec SPEC"


def guessed(problem: NotRecognised) -> NotRecognised:
    """The same error with the specification that the columns are likeliest of in place of SPEC, and where all are its fields, its flag."""
    # Only here: none who said what an export is should wait for it.
    found = import_module("lexer_pipeline.inspecting.of_header").likely(problem.names)
    if found is not None and not problem.flags:
        flags = ("--spec", found.specification)
        problem.hint = problem.hint.replace(SPEC, " ".join(flags))
        problem.flags = flags if not found.unmatched and not found.missing else ()
    return problem
