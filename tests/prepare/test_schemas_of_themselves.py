"""A schema that asks itself of the same value again is judged as the engine judges it, and never followed round and round."""

import json
from pathlib import Path
from typing import Any

import pytest

from .helpers import in_plain_python, of_bytes

ITSELF = {"$ref": "#"}


@pytest.mark.parametrize(
    ("more", "accepted"),
    [
        ({"anyOf": [ITSELF]}, 2),
        ({"allOf": [ITSELF, {"required": ["a"]}]}, 2),
        ({"if": ITSELF, "then": {"required": ["a"]}}, 2),
        ({"if": {}, "then": ITSELF}, 2),
        ({"if": {"required": ["c"]}, "then": {}, "else": ITSELF}, 2),
        (
            {
                "properties": {
                    "a": {"anyOf": [{"$ref": "#/properties/a"}, {"type": "string"}]},
                    "b": {"type": "string"},
                }
            },
            2,
        ),
    ],
    ids=str,
)
def test_a_schema_that_leads_back_to_itself_ends(tmp_path: Path, more: dict[str, Any], accepted: int) -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
              "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, **more}  # fmt: skip
    (tmp_path / "own.json").write_text(json.dumps(schema))
    spec = str(tmp_path / "own.json")

    table = of_bytes(b"a,b\n1,2\n3,4\n", spec, tmp_path / "table")
    documents = of_bytes(b'{"a":"1","b":"2"}\n{"a":"3"}\n', spec, tmp_path / "documents")
    with in_plain_python():
        slow = of_bytes(b"a,b\n1,2\n3,4\n", spec, tmp_path / "slow")

    assert (len(table.records), len(documents.records)) == (accepted, accepted)
    assert table.files == slow.files
