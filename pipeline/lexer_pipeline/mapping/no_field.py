"""A mapping that names a field which its specification does not have."""

from collections.abc import Sequence
from difflib import get_close_matches

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.rules import Mapping
from lexer_pipeline.mapping.synonyms import field_called
from lexer_pipeline.model import Specification

# How like a field a misspelt one is.
TYPO = 0.8


def no_field(names: Sequence[str], mapping: Mapping, specification: Specification) -> UsageError:
    """The error for names that are no fields, with the one that the first of them is a word for or a misspelling of."""
    paths = [one.path for one in specification.fields]
    meant = field_called(names[0], paths) or next(iter(get_close_matches(names[0], paths, 1, TYPO)), "")
    several = f" ({len(names)} names are none)" if len(names) > 1 else ""
    listed = f"lexer-pipeline specs {specification.name} lists the fields"
    kept = ", and custom_fields.NAME takes what is none of them" if "custom_fields.*" in paths else ""
    return UsageError(
        f"{mapping.path}: {names[0]} is no field of {specification.name}{several}",
        f"Did you mean {meant}? {listed}{kept}." if meant else f"{listed}{kept}.",
    )
