"""A schema refers to itself alone, and asks each value so often and no more."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.specs import catalog
from lexer_pipeline.validating.reference import compile_schema, validator_of

from tests.running import command

FOREIGN = (
    "http://127.0.0.1:9/x.json", "https://example.com/x#/$defs/a", "file:///etc/hostname", "other.json",
    "../other.json#a", "//example.com/x", "http://[", "urn:example:other",
    "https://json-schema.org/draft/2020-12/schema",
)  # fmt: skip


def places(reference: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A schema for each place in which a reference may stand, by the place."""
    found: dict[str, dict[str, Any]] = {
        f"#/{key}": {key: reference}
        for key in (
            "not",
            "if",
            "then",
            "else",
            "contains",
            "propertyNames",
            "unevaluatedProperties",
            "x-own",
        )
    }
    found |= {f"#/{key}/1": {key: [True, reference]} for key in ("allOf", "anyOf", "oneOf", "x-list")}
    found |= {
        f"#/{key}/const": {key: {"const": reference}}
        for key in ("$defs", "dependentSchemas", "patternProperties", "definitions")
    }
    found["#/properties/a/items/not"] = {"properties": {"a": {"items": {"not": reference}}}}
    found["#/properties/a/prefixItems/0"] = {"properties": {"a": {"prefixItems": [reference]}}}
    found["#/$defs/deep/if/anyOf/0"] = {"$defs": {"deep": {"if": {"anyOf": [reference]}}}}
    return found


def saved(folder: Path, schema: dict[str, Any]) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps({"type": "object", **schema}))
    return path


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_reference_that_leads_out_is_refused_with_its_place_wherever_it_stands(
    keyword: str, foreign: str, tmp_path: Path
) -> None:
    for place, schema in places({keyword: foreign}).items():
        with pytest.raises(UsageError) as caught:
            catalog.load(saved(tmp_path, schema))

        assert f"{place}/{keyword}: the reference {foreign} leads out" in caught.value.message
        assert "$defs" in caught.value.hint


@pytest.mark.parametrize(
    "schema",
    [
        {"$id": "file:///etc/", "not": {"$ref": "hostname"}},
        {"$defs": {"a": {"$id": "http://127.0.0.1:9/a/", "not": {"$ref": "b"}}}},
        {"$schema": "http://127.0.0.1:9/dialect"},
        {"properties": {"a": {"$id": "a", "$schema": "http://127.0.0.1:9/dialect"}}},
    ],
)
def test_a_base_or_dialect_of_a_foreign_address_is_refused(schema: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leads out"):
        catalog.load(saved(tmp_path, schema))


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"minProperties": 1}}, "not": {"not": {"$ref": "#/$defs/a"}}},
        {"$defs": {"x": {"$anchor": "a", "minProperties": 1}}, "if": {"$ref": "#a"}, "else": False},
        {"$id": "http://example.com/own", "$defs": {"a": {"$id": "other", "minProperties": 1}},
         "not": {"not": {"$ref": "other"}}},
        {"$id": "urn:example:own", "$defs": {"a": {"minProperties": 1}}, "not": {"not": {"$ref": "#/$defs/a"}}},
        {"$dynamicAnchor": "node", "minProperties": 1, "properties": {"a": {"$dynamicRef": "#node"}}},
    ],
)  # fmt: skip
def test_references_within_the_document_are_followed(schema: dict[str, Any], tmp_path: Path) -> None:
    engine = compile_schema(catalog.load(saved(tmp_path, schema)))

    assert engine.is_valid({"a": {"b": 1}})
    assert not engine.is_valid({})


@pytest.mark.parametrize("keyword", ["const", "enum", "default", "examples"])
def test_a_value_that_looks_like_a_reference_is_a_value(keyword: str, tmp_path: Path) -> None:
    value = {"$ref": "http://127.0.0.1:9/x"}
    said = value if keyword in ("const", "default") else [value]
    spec = catalog.load(saved(tmp_path, {"properties": {"a": {keyword: said}, "$ref": {"type": "string"}}}))

    assert {field.path for field in spec.fields} == {"a", "$ref"}


def test_the_engine_has_no_client_of_its_own() -> None:
    with pytest.raises(ValueError, match="outside the schema"):
        validator_of({"not": {"$ref": "http://127.0.0.1:9/x"}})


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"if": {"$ref": "#/if"}},
        {"$defs": {"a": {"$anchor": "a", "$ref": "#a"}}},
    ],
)
def test_references_that_lead_round_and_round_are_refused(schema: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leads back to itself"):
        catalog.load(saved(tmp_path, schema))


def pairs(depth: int, keyword: str = "anyOf") -> dict[str, Any]:
    """Alternatives nested in each other, two and two, each written once."""
    nested = {
        f"d{level}": {keyword: [{"$ref": f"#/$defs/d{level - 1}"}, {"$ref": f"#/$defs/d{level - 1}"}]}
        for level in range(1, depth + 1)
    }
    return {"properties": {"a": {"$ref": f"#/$defs/d{depth}"}}, "$defs": {"d0": {"type": "string"}, **nested}}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf"])
def test_alternatives_that_multiply_are_refused_and_a_few_are_asked(keyword: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than 10000"):
        catalog.load(saved(tmp_path, pairs(20, keyword)))

    assert compile_schema(catalog.load(saved(tmp_path, pairs(6, keyword)))) is not None


def test_alternatives_that_multiply_level_by_level_are_refused(tmp_path: Path) -> None:
    node = {"anyOf": [{"properties": {"a": {"$ref": "#/$defs/n"}}, "required": [name]} for name in "bc"]}
    with pytest.raises(UsageError, match="multiply"):
        catalog.load(saved(tmp_path, {"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": node}}))


def test_a_schema_that_is_a_tree_of_itself_is_taken(tmp_path: Path) -> None:
    below = {"anyOf": [{"type": "null"}, {"$ref": "#"}]}
    spec = catalog.load(saved(tmp_path, {"properties": {"left": below, "right": below}}))

    assert compile_schema(spec).is_valid({"left": {"right": {"left": None}}})


def test_a_schema_without_an_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(b" " * (5 << 20))
    with pytest.raises(UsageError, match="more than 4 MiB"):
        catalog.load(path)


def test_the_command_refuses_such_a_schema(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    saved(tmp_path, {"properties": {"a": {"not": {"$ref": "http://127.0.0.1:9/x"}}}})
    done = command("validate", "a.csv", "--spec", "mine.json", cwd=tmp_path)

    assert done.returncode == 2, sys.version
    assert b"#/properties/a/not/$ref" in done.stderr
