"""What stands in the way of converting documents, and what to do about it."""

from collections.abc import Iterator

from msgspec.structs import replace

from lexer_pipeline.inspecting.column_profile import many
from lexer_pipeline.inspecting.document_profile import DocumentsProfile, KeyProfile
from lexer_pipeline.inspecting.obstacles import Obstacle, of_values
from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.mapping.synonyms import is_secret

# So many lists in another are too many for a mapping to read as rows.
NESTED = (ITEMS, ITEMS)


def of_json(found: DocumentsProfile) -> Iterator[Obstacle]:
    """Documents that cannot be read, keys twice, values of several types, lists of lists, secrets, and values nobody can read for certain."""
    if found.broken:
        what = f"{many(found.broken, 'document')} cannot be read, the first on line {found.first_broken}"
        yield Obstacle("json", "", what)
    if found.doubled:
        what = f"{many(found.doubled, 'document')} with a key twice, the first on line {found.first_doubled}; they would be rejected"
        yield Obstacle("duplicate_key", "", what)
    if found.documents == 0:
        yield Obstacle("empty", "", "there is no document; export it again")
    for key in found.keys:
        if key.is_mixed:
            yield Obstacle("mixed", key.path, _mixed(key))
        if is_secret(key.path) and key.filled:
            what = "by its name holds passwords, tokens or card data; list it under secret in a mapping"
            yield Obstacle("secret", key.path, what)
        if key.column is not None:
            yield from of_values(replace(key.column, name=key.path))
    for one in found.lists:
        if one.steps[-2:] == NESTED:
            yield Obstacle(
                "nested",
                one.path,
                "is a list in a list, whose items are no rows; a mapping takes it as it stands",
            )


def _mixed(key: KeyProfile) -> str:
    """What values of several types mean."""
    nested = [kind for kind in key.kinds if kind in ("object", "list")]
    if nested:
        return f"is {' and '.join(key.kinds)} in turn; a mapping refuses the records in which it reads {' or '.join(nested)}"
    return f"is {' and '.join(key.kinds)} in turn; a mapping reads them alike, but without one only the type of the field is right"
