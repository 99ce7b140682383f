"""How the records lie in a source of JSON, as far as somebody said."""

import json
import re

from msgspec import Struct

from lexer_pipeline.errors import UsageError

STEP = re.compile(
    r'(?P<dot>\.?)(?:(?P<bare>[^.\[\]"]+)|\[(?P<quoted>"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")\])(?:\[\])*'
)


class DocumentForm(Struct, frozen=True):
    """Where the records lie in a source of JSON.

    `records` is the path of the list that holds them (`data.orders.nodes`), as a person named it; empty: found by itself.
    `parent` is the key in which a line names the document that it belongs to, and `included` the one beside the list
    under which stands what its records name; empty: nothing is joined to them. `kept` are the keys under which a document has
    lists of its own, so that such a list is no list of documents. In a source that is `bare`, as one of rejects, each
    document is a record as it stands.
    """

    records: str = ""
    parent: str = ""
    included: str = ""
    kept: frozenset[str] = frozenset()
    bare: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that lead to the list, from the outside in; UsageError where `records` is no path."""
        keys, at = list[str](), 0
        while at < len(self.records):
            found = STEP.match(self.records, at)
            if found is None or bool(found["dot"]) != bool(at and found["bare"]):
                raise UsageError(
                    f"[documents] records: {self.records} is no path to a list",
                    'Write its keys from the outside in, as in data.orders.nodes or result["all orders"].',
                )
            keys.append(found["bare"] or json.loads(found["quoted"], strict=False))
            at = found.end()
        return tuple(keys)
