"""What a person who said neither --spec nor --map is told: what the columns are likely to be."""

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.inspecting.of_header import likely
from lexer_pipeline.preparing.unrecognised import NotRecognised
from lexer_pipeline.specs.names import normalised

SPEC = "--spec SPEC"


def guessed(problem: PipelineError) -> PipelineError:
    """The same error with the specification that the columns are likeliest of in place of SPEC, and where all are its fields, its flag."""
    if not isinstance(problem, NotRecognised) or problem.flags:
        return problem
    found = likely(problem.names)
    if found is not None:
        flags = ("--spec", found.specification)
        problem.hint = problem.hint.replace(SPEC, " ".join(flags))
        are_fields = set(map(normalised, problem.names)) == set(map(normalised, found.fields))
        problem.flags = flags if are_fields and not found.missing else ()
    return problem
