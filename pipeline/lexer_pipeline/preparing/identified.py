"""By what the records of a delivery are known, as its mappings and its specification say."""

from collections.abc import Sequence

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.specs.identity import identity_names
from lexer_pipeline.specs.paths import FieldPath


def identifying(specification: Specification, todo: Sequence[Plan]) -> tuple[str, ...]:
    """The members that make the identity of a record: those that the mapping says, else those of the specification."""
    said = {plan.record.identity for plan in todo if plan.record is not None and plan.record.identity}
    if len(said) > 1:
        raise UsageError(
            f"the mappings say in several ways by what a {specification.name} is known again",
            "Write the same identity in each of them.",
        )
    if not said:
        return identity_names(specification)
    names = said.pop()
    known = {str(FieldPath.named(field.path)[0]) for field in specification.fields}
    for name in names:
        if name not in known:
            raise UsageError(
                f"identity names {name}, and {specification.name} has no such field as a whole",
                f"It has {', '.join(sorted(known))}.",
            )
    return names
