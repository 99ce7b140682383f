"""The catalogue: what a word means, and how a schema reads as a list of fields."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Field, Specification
from lexer_pipeline.specs import catalog, schema


def saved(folder: Path, schema: object, name: str = "mine") -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(schema))
    return path


def fields(folder: Path, schema: object) -> dict[str, Field]:
    return {field.path: field for field in catalog.load(saved(folder, schema)).fields}


def by_path(spec: Specification) -> dict[str, Field]:
    return {field.path: field for field in spec.fields}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("purchase", "commerce_purchases"),
        ("commerce_purchases", "commerce_purchases"),
        ("customer_record", "profile_customer"),
        ("sms_subscribe", "marketing_sms_subscribe"),
        ("compliance_forget", "compliance_forget"),
        (str(catalog.SCHEMAS / "profile_unify.json"), "profile_unify"),
    ],
)
def test_a_name_a_record_type_and_a_path_all_find_the_specification(word: str, name: str) -> None:
    assert catalog.find(word).name == name


def test_every_name_and_every_record_type_finds_its_own_specification() -> None:
    for spec in catalog.every():
        assert catalog.find(spec.name) == spec
        assert spec.record_type is None or catalog.find(spec.record_type) == spec


def test_every_follows_the_order_of_the_names() -> None:
    assert tuple(spec.name for spec in catalog.every()) == catalog.names() == tuple(sorted(catalog.names()))


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("purchases", "purchase"),
        ("Purchase", "purchase"),
        ("comerce_returns", "commerce_returns"),
        ("customer", "customer_record"),
        ("email_opened", "email_open"),
    ],
)
def test_an_unknown_word_names_the_nearest(word: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        catalog.find(word)

    assert near in caught.value.hint


@pytest.mark.parametrize("word", ["", "-", "zzzz", "None", "x" * 5000, "a\0b"])
def test_a_word_near_to_nothing_lists_the_specifications(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        catalog.find(word)

    assert all(name in caught.value.hint for name in catalog.names())


def test_a_file_called_like_a_record_type_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "purchase").write_text("not a schema")
    monkeypatch.chdir(tmp_path)

    assert catalog.find("purchase").name == "commerce_purchases"


@pytest.mark.parametrize("word", ["mine", "mine.json", "./mine"])
def test_a_schema_of_ones_own_is_found_by_its_path(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, {"type": "object", "properties": {"a": {"type": "string"}}}).rename(tmp_path / Path(word))
    monkeypatch.chdir(tmp_path)
    spec = catalog.find(word)

    assert (spec.name, spec.record_type, spec.area, spec.title, spec.evidence, spec.key) == (
        "mine",
        None,
        "",
        "mine",
        "",
        None,
    )


def test_the_annotations_of_ones_own_schema_are_read(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "title": "Visit",
        "x-record-type": "visit",
        "x-area": "stores",
        "x-evidence": "Ours.",
        "x-key": "id",
        "x-identity": ["id"],
        "properties": {"id": {"type": "string"}},
    }
    spec = catalog.load(saved(tmp_path, schema))

    assert (spec.record_type, spec.area, spec.title, spec.evidence, spec.key, spec.identity) == (
        "visit",
        "stores",
        "Visit",
        "Ours.",
        "id",
        ("id",),
    )
    assert spec.schema == schema


@pytest.mark.parametrize("name", ["my-schema", "my.schema", "my schema", "é"])
def test_a_file_name_that_cannot_go_into_a_file_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be called") as caught:
        catalog.find(str(saved(tmp_path, {"type": "object"}, name)))

    assert "rename" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("true", "not a JSON object"),
        ('{"type": "array"}', "does not describe an object"),
        ("{}", "does not describe an object"),
        ('{"type": "object", "properties": []}', "properties is not an object"),
        ('{"type": "object", "properties": {"a": 5}}', "a is neither an object nor true or false"),
        ('{"type": "object", "required": "a"}', "required is not an array"),
        ('{"type": "object", "anyOf": {}}', "anyOf is not an array"),
        ('{"type": "object", "x-record-type": 5}', "x-record-type is not text"),
        ('{"type": "object", "x-key": "a"}', "x-key names a"),
        ('{"type": "object", "x-identity": ["a"]}', "x-identity must be a list of names of fields"),
        ('{"properties": {"a": {}}, "x-identity": "a"}', "x-identity must be a list of names of fields"),
        ('{"properties": {"a": {"x-normalise": "upper"}}}', "x-normalise of a"),
        ('{"properties": {"a": {"$ref": "other.json"}}}', "leads out of the file"),
        ('{"properties": {"a": {"$ref": "#anchor"}}}', "leads out of the file"),
        ('{"properties": {"a": {"$ref": "#/$defs/b"}}}', "leads nowhere"),
        ('{"properties": {"a": {"$ref": 5}}}', "is not text"),
        ('{"properties": {"a": {"$ref": "#/properties/a"}}}', "leads back to itself"),
        ('{"properties": {"a": {"$ref": "#/required"}}, "required": []}', "neither an object nor true"),
        ('{"$ref": "#"}', "leads back to itself"),
    ],
)
def test_a_file_that_is_no_usable_schema_is_refused_in_clear_words(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)

    with pytest.raises(UsageError) as caught:
        catalog.find(str(path))

    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_schema_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    chain = {f"d{depth}": {"properties": {"a": {"$ref": f"#/$defs/d{depth + 1}"}}} for depth in range(5000)}

    with pytest.raises(UsageError, match="nested too deeply"):
        catalog.load(saved(tmp_path, {"$ref": "#/$defs/d0", "$defs": {**chain, "d5000": True}}))


def test_a_schema_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("none.json", "folder/"):
        with pytest.raises(UsageError, match="cannot be read"):
            catalog.find(f"{tmp_path}/{name}")


def test_the_catalogue_loads_without_a_validator_or_a_table_library() -> None:
    heavy = ("jsonschema", "jsonschema_rs", "numpy", "pyarrow", "pandas", "requests")
    code = (
        f"import sys, lexer_pipeline.specs.catalog; print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=catalog.SCHEMAS.parent
    )

    assert done.stdout.strip() == "[]"


def test_a_leaf_carries_what_a_person_needs_to_know() -> None:
    found = by_path(catalog.find("purchase"))

    assert found["products[].price_paid"] == Field(
        path="products[].price_paid",
        type="number",
        required=True,
        rule="at least 0",
        description="What was paid for the line.",
        example=59.9,
    )
    assert list(found)[:2] == ["purchase_id", "link.email"]


@pytest.mark.parametrize(
    ("word", "path", "kind", "required", "rule"),
    [
        ("purchase", "type", "string", True, "one of: physical, ecommerce"),
        ("purchase", "action_at", "date-time", True, "with zone, T and Z in upper case"),
        ("purchase", "store.location.coordinate.latitude", "number", True, "at least -90, below 90"),
        ("purchase", "link.email", "string", False, "matches the e-mail pattern"),
        ("purchase", "link.link_value", "string", False, "at least 1 character"),
        ("purchase", "custom_fields.*", "any", False, ""),
        ("return", "products[].quantity", "integer", True, "at most -1"),
        ("product", "options.*[]", "string", False, ""),
        ("product", "availability.available", "boolean", True, ""),
        (
            "product",
            "product_reference_type",
            "string",
            False,
            "one of: sku, upc, product_id; product_id when absent",
        ),
        ("product", "images[]", "uri", False, "1 to 2083 characters; http or https with a full host name"),
        ("customer_record", "date_of_birth", "date", False, "a year from 0001"),
        ("profile_unify", "records[].mobile", "string", False, ""),
        ("compliance_forget", "email_md5", "string", False, ""),
    ],
)
def test_a_leaf_reads_as_a_person_would_say_it(
    word: str, path: str, kind: str, required: bool, rule: str
) -> None:
    field = by_path(catalog.find(word))[path]

    assert (field.type, field.required, field.rule) == (kind, required, rule)


def test_what_is_giving_way_says_what_to_use() -> None:
    assert "online is deprecated: use ecommerce" in by_path(catalog.find("purchase"))["store.type"].rule


def test_every_leaf_of_every_specification_is_described_once_with_an_example() -> None:
    for spec in catalog.every():
        assert len(by_path(spec)) == len(spec.fields)
        for field in spec.fields:
            assert field.description, field.path
            assert field.example is not None, field.path


def test_e_mail_addresses_and_hashes_are_marked_where_they_are_cleaned() -> None:
    marked = {field.path: field.normalise for field in catalog.find("email_send").fields if field.normalise}

    assert marked == {
        "link.email": "email",
        "link.email_sha256": "hash",
        "link.email_md5": "hash",
        "from.email": "email",
        "to.email": "email",
    }


def test_a_leaf_of_alternatives_is_required_where_none_does_without(tmp_path: Path) -> None:
    shapes = [
        {"properties": {"id": {"type": "string"}, "a": {"type": "string"}}, "required": ["id", "a"]},
        {"properties": {"id": {"type": "integer"}, "b": {"type": "string"}}, "required": ["id"]},
        {"type": "null"},
    ]
    found = fields(tmp_path, {"type": "object", "oneOf": shapes})

    assert {path: (field.type, field.required) for path, field in found.items()} == {
        "id": ("string or integer", True),
        "a": ("string", False),
        "b": ("string", False),
    }


def test_an_optional_value_keeps_its_own_words(tmp_path: Path) -> None:
    optional = {
        "description": "Size.",
        "examples": [3],
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
    }
    found = fields(tmp_path, {"properties": {"size": optional, "sort": {"type": ["string", "null"]}}})

    assert found["size"] == Field("size", "integer", False, "at least 1", "Size.", 3)
    assert found["sort"].type == "string"


def test_alternatives_that_only_narrow_add_no_leaf(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "anyOf": [{"minLength": 3}, {"const": ""}]},
            "b": {"const": 5},
        },
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    found = fields(tmp_path, schema)

    assert {path: field.type for path, field in found.items()} == {"a": "string", "b": "integer"}


def test_what_all_of_joins_is_read_as_one(tmp_path: Path) -> None:
    schema = {
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"b": {"type": "number"}}, "required": ["a"]}],
        "properties": {"c": {"allOf": [{"type": "string"}, {"minLength": 2, "maxLength": 4}]}},
        "$defs": {"base": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}},
    }
    found = fields(tmp_path, schema)

    assert {path: (field.type, field.required, field.rule) for path, field in found.items()} == {
        "a": ("string", True, ""),
        "b": ("number", True, ""),
        "c": ("string", False, "2 to 4 characters"),
    }


def test_a_schema_that_contains_itself_ends(tmp_path: Path) -> None:
    node = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        },
        "allOf": [{"$ref": "#/$defs/node"}],
        "anyOf": [{"$ref": "#/$defs/node"}, {"required": ["name"]}],
    }
    found = fields(tmp_path, {"$ref": "#/$defs/node", "$defs": {"node": node}})

    assert found["name"].type == "string"
    assert found["children[].name"].type == "string"
    assert found["children[].children"].type == "array"


def test_resolve_follows_references_and_what_stands_beside_them_holds() -> None:
    root: dict[str, Any] = {
        "$defs": {
            "a/b~c d": {"type": "string", "description": "far", "maxLength": 5},
            "next": {"$ref": "#/$defs/a~1b~0c%20d", "description": "near"},
            "list": [{"type": "number"}],
            "never": False,
        }
    }

    assert schema.resolve(root, {"type": "object"}) == {"type": "object"}
    assert schema.resolve(root, True) == {}
    assert schema.resolve(root, {"$ref": "#/$defs/never"}) == {"not": {}}
    assert schema.resolve(root, {"$ref": "#/$defs/list/0"}) == {"type": "number"}
    assert schema.resolve(root, {"$ref": "#"}) == root
    assert schema.resolve(root, {"$ref": "#/$defs/next", "x-note": 1}) == {
        "type": "string",
        "description": "near",
        "maxLength": 5,
        "x-note": 1,
    }
    assert schema.resolve(root, {"$ref": "#/$defs/next", "maxLength": 3}) == {
        "maxLength": 3,
        "allOf": [{"type": "string", "description": "near", "maxLength": 5}],
    }


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


PURCHASE = json.loads((catalog.SCHEMAS / "commerce_purchases.json").read_text())


@given(
    st.sampled_from(places(PURCHASE)[1:]),
    st.sampled_from([None, True, 5, "", "#/x", [], [5], [{}], {}, {"a": 5}]),
)
def test_a_schema_spoilt_anywhere_is_read_or_refused_but_never_breaks(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: object
) -> None:
    schema = copy.deepcopy(PURCHASE)
    node = schema
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    path = saved(tmp_path_factory.getbasetemp(), schema)

    try:
        assert catalog.load(path).name == "mine"
    except UsageError as error:
        assert error.hint
