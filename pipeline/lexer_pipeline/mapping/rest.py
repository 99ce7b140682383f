"""Columns that a mapping does not name and that are kept all the same, as custom fields."""

import re
from collections.abc import Iterator, Sequence

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.mapping.header import is_named, named_columns
from lexer_pipeline.mapping.rules import FieldRule, Mapping, RecordMap
from lexer_pipeline.mapping.synonyms import is_secret
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.names import normalised, told_apart
from lexer_pipeline.specs.paths import ANY, FieldPath
from lexer_pipeline.specs.schema_tree import SchemaTree

CUSTOM_FIELDS = "custom_fields"
# What a person agreed to or declined, in a name without blanks and punctuation: no preset may leave it out.
CONSENT = re.compile(
    r"opt(ed)?(in|out)|subscri(be|pt)|consent|accepts.*marketing|suppress|black?list|blocklist|marketing(contact)?status|newsletter"
    r"|(e?mail|sms|whatsapp)marketing|donot(allow|e?mail|call|contact|sms|text|market|track)|(mail|sms|marketing)permission|gdpr"
    r"|allow(e?mail|sms|marketing|phonecall)|keep(me)?(informed|updated|posted)"
)


def has_custom_fields(tree: SchemaTree) -> bool:
    """Whether a record of a specification has room for further fields."""
    return tree.find(FieldPath((CUSTOM_FIELDS, "any"))) is not None


def rest_rules(
    mapping: Mapping, record: RecordMap, header: Sequence[str], tree: SchemaTree, keeps_all: bool
) -> Iterator[FieldRule]:
    """A custom field for each column that is kept though no rule of the mapping reads it: all of them, or those of consent."""
    if not has_custom_fields(tree) or _leaves_it_to_others(mapping, record):
        return
    taken = {rule.target for rule in record.fields}
    apart = told_apart(header)
    for name in kept_columns(mapping, record, header, keeps_all):
        target = first = f"{CUSTOM_FIELDS}.{snake_case(name)}"
        number = 1
        while target in taken:
            number += 1
            target = f"{first}_{number}"
        taken.add(target)
        yield FieldRule(target, ((apart[header.index(name)],),))


def kept_columns(
    mapping: Mapping, record: RecordMap, header: Sequence[str], keeps_all: bool
) -> tuple[str, ...]:
    """The columns of a header that become custom fields though the mapping does not name them; none that holds a secret."""
    named = named_columns(mapping) | {normalised(name) for name in (*record.columns(), record.key or "")}
    keeps_all = keeps_all or mapping.rest == CUSTOM_FIELDS
    keeps_consent = keeps_all or mapping.columns_vary
    found = {
        normalised(name): name for name in reversed(header) if snake_case(name) and name not in BOOKKEEPING
    }
    return tuple(
        name for plain, name in reversed(found.items())
        if not is_named(name, named) and not is_secret(name)
        and (keeps_all or (keeps_consent and CONSENT.search(plain)))
    )  # fmt: skip


def _leaves_it_to_others(mapping: Mapping, record: RecordMap) -> bool:
    """Whether a record is of a person told by several rows, of which another record of the mapping says more."""
    others = (one for one in mapping.records if not one.takes_first)
    return record.takes_first and any(_names_custom_fields(one) for one in others)


def is_kept_by_some(mapping: Mapping) -> bool:
    """Whether some record of a mapping has room for the columns that are kept."""
    return any(_names_custom_fields(record) for record in mapping.records)


def _names_custom_fields(record: RecordMap) -> bool:
    fields = catalog.find(record.specification).fields
    return any(FieldPath.named(field.path) == (CUSTOM_FIELDS, ANY) for field in fields)


def snake_case(name: str) -> str:
    """A column's name as a custom field has it: `Mailing City` and MailingCity are mailing_city."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()
    return "_".join(re.findall(r"[^\W_]+", words))
