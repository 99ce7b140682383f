"""What a person is told of an export that no preset surely knows, or that one knows though `--spec` was given."""

import shlex
from collections.abc import Sequence

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.origins import Origin
from lexer_pipeline.loading.source import Source
from lexer_pipeline.mapping.recognition import Fit, Recognised, recognise


def not_recognised(source: Source, called: str, found: Recognised, gone: str) -> UsageError:
    """Which presets it may be, or which is the nearest and what it lacks, and what to do; `gone` says of a mapping used before."""
    maps = " or ".join(f"--map {one.mapping.name}" for one in found.fitting)
    if len(found.fitting) > 1:
        names = ", ".join(one.mapping.name for one in found.fitting)
        what, remedy = f"fits more than one preset: {names}", f"Say which it is: {maps}."
    elif found.fitting:
        one = found.fitting[0]
        what = f"may be {one.mapping.name}, but that does not know the columns {_listed(one.strange)}"
        remedy = f"If it is that export, say {maps}, which leaves these out (--keep-rest keeps them); else say --spec SPEC or --map with a mapping of your own."
    else:
        what, remedy = "looks like none of the presets", _next_steps(source, found.nearest)
    return UsageError(f"{called}: {what}", f"{gone}. {remedy}" if gone else remedy)


def known_by(header: Sequence[str], called: str, specification: str) -> UsageError | None:
    """The error for an export that a preset knows, whose columns were taken for fields; None where no preset surely knows it."""
    found = recognise(header).sure
    if found is None:
        return None
    made = list(dict.fromkeys(record.specification for record in found.records))
    keep = f", or say --map {found.name} beside it" if specification in made else ""
    makes = f"It makes {' and '.join(made)}." if made else f"It cannot be converted: {found.refuse}."
    return UsageError(
        f"{called}: its columns are no fields of {specification}, but those of an export that is known: {found.title}",
        f"Leave out --spec{keep}; the preset {found.name} then says which column is which field. {makes}",
    )


def _next_steps(source: Source, nearest: Sequence[Fit]) -> str:
    path = source.path if isinstance(source, Origin) else None
    file = shlex.quote(str(path)) if path is not None else "FILE"
    steps = (
        f"lexer-pipeline inspect {file} shows what it holds, lexer-pipeline map {file} --spec SPEC drafts a mapping; "
        "where the columns are called like fields, say --spec SPEC."
    )
    return f"{_near(nearest)}. Else: {steps}" if nearest else f"Next: {steps}"


def _near(nearest: Sequence[Fit]) -> str:
    """What each of the nearest lacks, and the flags of those that are worth a try."""
    said = "; or ".join(_told(one) for one in nearest)
    flags = " or ".join(f"--map {one.mapping.name}" for one in nearest if one.would_run)
    if not flags:
        return f"nearest: {said}"
    return f"nearest: {said}; {'try' if len(nearest) == 1 else 'if it is one of these, say'} {flags}"


def _told(fit: Fit) -> str:
    lacks = f"; lacks {_listed(fit.lacks)}" if fit.lacks else ""
    has = f"; has {_listed(fit.has)}, which such an export never has" if fit.has else ""
    return f"{fit.mapping.name}{lacks}{has}"


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
