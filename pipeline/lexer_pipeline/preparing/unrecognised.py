"""What a person is told of an export that no preset surely knows, or that one knows though `--spec` was given."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.answers import Answer
from lexer_pipeline.loading.origins import Origin
from lexer_pipeline.loading.source import Loaded, Source
from lexer_pipeline.mapping.recognition import Fit, Recognised, recognise
from lexer_pipeline.mapping.synonyms import field_called
from lexer_pipeline.model import Specification
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.validating.header_checks import UnknownColumnsError


class NotRecognised(UsageError):
    """An export that no preset surely knows, with the `names` of its columns, none where it is no table."""

    names: Sequence[str] = ()


def not_recognised(source: Source, called: str, found: Recognised, gone: str) -> NotRecognised:
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
    flags = ("--map", found.fitting[0].mapping.name) if len(found.fitting) == 1 else ()
    return NotRecognised(f"{called}: {what}", f"{gone}. {remedy}" if gone else remedy, flags=flags)


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


def called_otherwise(
    problem: UnknownColumnsError, header: Sequence[str], called: str, specification: Specification
) -> UsageError:
    """The error for columns that are no fields: of which field each is a word, and the commands that help."""
    has_link = any(name.casefold().startswith("link.") for name in header)
    paths = [one.path for one in specification.fields if not (has_link and one.path.startswith("link."))]
    fields = {name: field_called(name, paths) for name in problem.names}
    words = {name: field for name, field in fields.items() if field is not None}
    file = shlex.quote(called) if address_of(called) or Path(called).is_file() else "SOURCE"
    spec = specification.name if specification.name in catalog.names() else "SPEC"
    remedy = (
        f"lexer-pipeline map {file} --spec {spec} drafts a mapping that gives them fields; "
        "--ignore-unknown leaves them out, --keep-rest keeps them as custom fields."
    )
    return problem.with_words(called, words, remedy)


def saying_sheet(problem: UsageError, loaded: Loaded) -> UsageError:
    """The same error with which sheet of a workbook was read and which were not, since one of these may be meant."""
    if loaded.stream.is_sheet:
        read = f"Of the workbook was read: {'; '.join(loaded.stream.notes)}."
        problem.hint = f"{problem.hint} {read}".lstrip()
    return problem


def _next_steps(source: Source, nearest: Sequence[Fit]) -> str:
    path = source.path if isinstance(source, Origin) else source if isinstance(source, Answer) else None
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
