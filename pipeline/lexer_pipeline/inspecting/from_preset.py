"""A mapping of your own that starts from a preset: its text, with the columns of an export checked."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.draft_text import quoted
from lexer_pipeline.inspecting.further_lines import custom_name, is_consent
from lexer_pipeline.inspecting.lacking import lacking
from lexer_pipeline.inspecting.matching import fields_by_path
from lexer_pipeline.inspecting.nearest import nearest
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping.document_paths import SeenPath, Steps, leads_into, steps_of
from lexer_pipeline.mapping.document_table import named_paths
from lexer_pipeline.mapping.header import NUMBER_SIGN, Header
from lexer_pipeline.mapping.rules import FieldRule, Mapping, RecordMap
from lexer_pipeline.mapping.synonyms import is_secret
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.system.toml_lines import line_of

LACKING = "the export has no such column"


class Started(Struct, frozen=True):
    """The text of a mapping that starts from a preset, and the specifications that it `makes` of the export.

    `fields` are its fields with their columns, `left` the columns it leaves out.
    """

    text: str
    makes: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    left: dict[str, str]
    questions: tuple[str, ...]


def preset(name: str) -> Mapping:
    """The preset of a name; UsageError where there is none, or where it refuses such an export."""
    found = mapping.find(name)
    if mapping.is_users_own(found):
        raise UsageError(
            f"{name}: is a mapping of your own, not a preset", "Copy the file, and change the copy."
        )
    if found.refuse:
        raise UsageError(f"{found.title}: cannot be converted: {found.refuse}")
    return found


def started_of_documents(found: Mapping, seen: Sequence[SeenPath], source: str) -> Started:
    """The text of a preset for documents with these paths; all of it stays, since the next documents may have what these lack."""
    known = [_plain(steps_of(name)) for name in named_paths(found)]
    unread = [
        one.name
        for one in seen
        if one.is_leaf and not any(leads_into(path, _plain(one.steps)) for path in known)
    ]
    return started(found, [one.name for one in seen], source, unread)


def _plain(steps: Steps) -> Steps:
    """A path without case and punctuation, as names of keys are compared."""
    return tuple(normalised(step) if isinstance(step, str) else step for step in steps)


def started(
    found: Mapping, names: Sequence[str], source: str, unread: Sequence[str] | None = None
) -> Started:
    """The text of a preset for an export with these columns: what reads only columns that lack is a comment.

    Of documents the paths `unread` are what it leaves out, and nothing lacks.
    """
    header = Header(found, names, source)
    if not any(_is_fed(record, header) for record in found.records):
        raise UsageError(
            f"{source}: has none of the columns that the preset {found.name} reads",
            "Say --spec instead of --from.",
            without=("--from",),
        )
    lines = found.text.splitlines()
    paths = [path for record in found.records for path in fields_by_path(catalog.find(record.specification))]
    left = {name: str(nearest(name, paths) or "") for name in (header.unused() if unread is None else unread)}
    lacking_lines = {
        line: note
        for number, record in enumerate(found.records if unread is None else ())
        for line, note in _lacking_lines(found.text, number, record, header)
    }
    further = dict(_consent(found, header, left))
    kept = [name for some in further.values() for name in some]
    left = {name: near for name, near in left.items() if name not in kept}
    known = set(_entry(lines, line_of(found.text, ("recognise",)))) if found.recognise.required else set()
    at = line_of(found.text, ("drop",)) if found.drop else 0
    text = [
        f"# Started from the preset {found.name}"
        + ("; what has a # in front reads columns that this export has not." if unread is None else ".")
    ]
    for number, line in enumerate(lines, 1):
        if number == at:
            # The items that stand behind the bracket go on a line of their own.
            head, _, items = line.partition("[")
            text += [f"{head}[", *_further(left), *([f"    {items}"] if items else [])]
        elif number not in known:
            text.append(f"# {line}{lacking_lines[number]}" if number in lacking_lines else line)
        text += (
            f"{quoted(custom_name(name))} = {quoted(name)}  # further column; consent is never dropped"
            for name in further.get(number, ())
        )
    if not at and left:
        text[1:1] = ["drop = [", *_further(left), "]"]
    fields = tuple(
        (rule.target, names_of[0]) for record in found.records for rule in record.fields
        for names_of in rule.columns if header.has(names_of)
    )  # fmt: skip
    makes = [record for record in found.records if unread is not None or _is_fed(record, header)]
    named = tuple(catalog.find(record.specification).name for record in makes)
    return Started("\n".join(text) + "\n", named, fields, left, tuple(_questions(found, header)))


def _consent(found: Mapping, header: Header, left: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Further columns that say what a customer agreed to, with the line of the fields of the customer."""
    for number, record in enumerate(found.records):
        if catalog.find(record.specification).record_type == "customer_record" and _is_fed(record, header):
            yield (
                line_of(found.text, ("records", number, "fields")),
                [name for name in left if is_consent(name)],
            )
            return


def _questions(found: Mapping, header: Header) -> Iterator[str]:
    """What a record needs, and no column of this export says."""
    for record in (one for one in found.records if _is_fed(one, header)):
        specification = catalog.find(record.specification)
        filled = [
            FieldPath.named(rule.target.replace(NUMBER_SIGN, "0"))
            for rule in record.fields
            if _is_made(rule, header)
        ]
        for lack in lacking(specification, filled):
            if not lack.within:
                yield f"{specification.name}: {lack.field}: the columns that the preset reads for it are not there; which column says it?"


def _further(left: dict[str, str]) -> Iterator[str]:
    for name, near in left.items():
        word = (
            "never read, since it may hold a secret"
            if is_secret(name)
            else f"the nearest field is {near}"
            if near
            else "no field is near"
        )
        yield f"    {quoted(name)},  # further column; {word}"


def _lacking_lines(text: str, number: int, record: RecordMap, header: Header) -> Iterator[tuple[int, str]]:
    """The lines that become comments, and what to say there: of fields and skips all of whose columns lack, or of a whole record.

    Fields that others lean on stay.
    """
    lines = text.splitlines()
    if not _is_fed(record, header):
        first, *others = _whole(lines, line_of(text, ("records", number)))
        yield first, "  # the export has none of the columns that it reads"
        yield from ((line, "") for line in others)
        return
    gone = [rule for rule in record.fields if not _is_made(rule, header)]
    stays = [rule for rule in record.fields if rule not in gone]
    sums = record.reconcile
    pairs = (*sums.on_top, *sums.contained, sums.plus) if sums is not None else ()
    amounts = {name for names in pairs for name in names}
    if sums is not None and sums.discount is not None:
        amounts.add(sums.discount[0])
    stays += [rule for rule in gone if rule.target in amounts]
    leaned_on = (
        {other for rule in stays for other in _leans(rule)} | set(record.together) | {record.key} | amounts
    )
    for rule in gone:
        if rule.target not in leaned_on:
            for line in _entry(lines, line_of(text, ("records", number, "fields", rule.target))):
                yield line, f"  # {LACKING}"
    for place, skip in enumerate(record.skips):
        if not all(header.has(one.columns) for one in (skip, skip.further) if one is not None):
            first, *others = _skip(lines, line_of(text, ("records", number, "skip", place)))
            yield first, f"  # {LACKING}"
            yield from ((line, "") for line in others)


def _is_made(rule: FieldRule, header: Header) -> bool:
    """Whether a field is made of something: a column that is there, or no column at all."""
    return not rule.columns or bool(rule.default) or _has_one(rule, header)


def _has_one(rule: FieldRule, header: Header) -> bool:
    """Whether a column that a field reads is there; the items of a wide table are numbered from 1."""
    return any(header.has([name.replace(NUMBER_SIGN, "1") for name in names]) for names in rule.columns)


def _leans(rule: FieldRule) -> tuple[str, ...]:
    return (*rule.made, *rule.unless, rule.given)


def _is_fed(record: RecordMap, header: Header) -> bool:
    """Whether an export has a column for a record at all, and those without which it is not made."""
    if record.needs and not header.has(record.needs):
        return False
    return any(rule.columns and _has_one(rule, header) for rule in record.fields)


def _whole(lines: Sequence[str], start: int) -> range:
    """The lines of a record, which the next one or the end of the text ends."""
    end = next(
        (
            number
            for number in range(start + 1, len(lines) + 1)
            if lines[number - 1].startswith("[[records]]")
        ),
        len(lines) + 1,
    )
    while end > start + 1 and (not lines[end - 2].strip() or lines[end - 2].startswith("#")):
        end -= 1
    return range(start, end)


def _entry(lines: Sequence[str], start: int) -> range:
    """The lines of a key and its value, or of a table."""
    if lines[start - 1].startswith("["):
        return _table(lines, start)
    for end in range(start, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[start - 1 : end]))
        except tomllib.TOMLDecodeError:
            continue
        return range(start, end + 1)
    raise AssertionError("a preset is TOML")


def _skip(lines: Sequence[str], start: int) -> range:
    """The lines of a skip, which is a table of its own or an item of a list."""
    if lines[start - 1].startswith("["):
        return _table(lines, start)
    for end in range(start, len(lines) + 1):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads("\n".join(["skip = [", *lines[start - 1 : end], "]"]))
            return range(start, end + 1)
    raise AssertionError("a preset is TOML")


def _table(lines: Sequence[str], start: int) -> range:
    """The lines of a table, which an empty line ends."""
    end = next(
        (number for number in range(start, len(lines) + 1) if not lines[number - 1].strip()), len(lines) + 1
    )
    return range(start, end)
