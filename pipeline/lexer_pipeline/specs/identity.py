"""By what a record is known from one export to the next, though all else of it may change."""

from collections.abc import Callable, Mapping
from functools import partial

from lexer_pipeline.model import Json, Specification

# By what a product is named: the id that its type of reference says, or the first that it has.
REFERENCE, REFERENCES = "product_reference_type", ("product_id", "sku", "upc")

Record = Mapping[str, Json]


def identity_of(specification: Specification) -> Callable[[Record], Json]:
    """What tells a record of this kind from the others: the fields that `x-identity` names, else its key, a product's reference, or all of it.

    A record without any of these is known by all of it. A customer is a link, a subscription a link and a list, an order its number, an event a message, a person and, where there may be
    several, a time.
    """
    names = specification.identity or ((specification.key,) if specification.key else ())
    if names:
        return partial(_picked, names)
    is_product = any(field.path == REFERENCE for field in specification.fields)
    return _reference if is_product else _whole


def _picked(names: tuple[str, ...], record: Record) -> Json:
    if not any(name in record for name in names):
        return _whole(record)
    return record.get(names[0]) if len(names) == 1 else [record.get(name) for name in names]


def _reference(record: Record) -> Json:
    named = str(record.get(REFERENCE) or "")
    order = (named, *REFERENCES) if named in REFERENCES else REFERENCES
    return next(([name, record[name]] for name in order if record.get(name)), dict(record))


def _whole(record: Record) -> Json:
    return dict(record)


def identity_names(specification: Specification) -> tuple[str, ...]:
    """The members of a record that make its identity: of a product what says the reference, then those that it may be; none means all of it."""
    names = specification.identity or ((specification.key,) if specification.key else ())
    if names or all(field.path != REFERENCE for field in specification.fields):
        return names
    return (REFERENCE, *REFERENCES)
