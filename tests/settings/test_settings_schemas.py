"""The schemas of settings files: valid, complete, in agreement with the code, and printed for editors."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.mapping import file
from lexer_pipeline.mapping.conversions import COMPILERS, DESCRIPTIONS
from lexer_pipeline.outbox.datasets import ANY
from lexer_pipeline.system import settings_file
from lexer_pipeline.uploading import settings as config

from tests.settings.test_faults import GOOD

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
SCHEMAS = {"--mapping-schema": file.SCHEMA, "--settings-schema": config.SCHEMA}


def schema(path: Path) -> Any:
    return json.loads(path.read_bytes())


def described(node: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting that a schema names, and what it says of it."""
    if isinstance(node, dict):
        for name, below in node.get("properties", {}).items():
            yield f"{way}/{name}", below
        for key, below in node.items():
            if key not in ("if", "then", "else"):  # they add to what is said elsewhere
                yield from described(below, f"{way}/{key}")
    elif isinstance(node, list):
        for below in node:
            yield from described(below, way)


@pytest.mark.parametrize("flag", SCHEMAS)
def test_a_schema_is_one_of_its_draft_with_an_id(flag: str) -> None:
    said = schema(SCHEMAS[flag])

    jsonschema.Draft202012Validator.check_schema(said)
    assert said["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert said["$id"].startswith("urn:lexer-pipeline:")


@pytest.mark.parametrize(
    ("way", "said"), [pair for path in SCHEMAS.values() for pair in described(schema(path))]
)
def test_every_setting_has_a_description_and_words_for_its_faults(way: str, said: Any) -> None:
    assert len(said["description"]) > 20
    assert re.search(r'[.:"]$', said["description"])
    if "/conversion/" not in way:
        assert said["x-wanted"].startswith(("must ", "needs "))
        assert said["x-remedy"].endswith(".")


def test_the_good_files_of_the_tests_use_every_setting() -> None:
    records, said = GOOD["mapping"]["records"], schema(file.SCHEMA)
    used = {key for record in records for skip in record["skip"] for key in skip}
    used |= {key for one in records[0]["fields"].values() if isinstance(one, dict) for key in one}

    assert set(said["properties"]) - set(GOOD["mapping"]) - set(GOOD["packed"]) == {"refuse"}
    assert set(said["$defs"]["record"]["properties"]) - set(records[0]) == set()
    assert set(said["$defs"]["skip"]["properties"]) - used == {"is_not"}
    sums = said["$defs"]["record"]["properties"]["reconcile"]["properties"]
    assert set(sums) == set(records[0]["reconcile"]) | set(GOOD["packed"]["records"][0]["reconcile"])
    assert set(said["$defs"]["packing"]["properties"]) == set(GOOD["packed"]["packed"]["Articles"])
    assert set(said["$defs"]["field"]["properties"]) - used == set()
    assert set(schema(config.SCHEMA)["properties"]["upload"]["properties"]) - set(
        GOOD["settings"]["upload"]
    ) == {"ca_file"}
    (job,) = GOOD["settings"]["job"].values()
    assert set(schema(config.SCHEMA)["properties"]["job"]["additionalProperties"]["properties"]) == set(job)


def test_the_conversions_of_the_schema_are_those_of_the_code() -> None:
    said = schema(file.SCHEMA)["$defs"]

    assert said["name"]["then"]["enum"] == sorted(COMPILERS)
    assert sorted(said["conversion"]["properties"]) == sorted(COMPILERS)
    for name, below in said["conversion"]["properties"].items():
        assert below["description"].startswith(f"{DESCRIPTIONS[name]} Written "), name


def test_the_defaults_of_the_schema_are_those_of_the_code() -> None:
    defaults = config.Settings()
    said = schema(config.SCHEMA)["properties"]["upload"]["properties"]

    for key, below in said.items():
        plain = defaults.datasets.get(ANY) if key == "dataset" else getattr(defaults, key)
        assert below.get("default") == (plain or (0 if key == "limit_rate" else None)), key


def test_the_defaults_of_a_mapping_are_those_of_its_schema(tmp_path: Path) -> None:
    record = '[[records]]\nspecification = "x"\nfields = { a = { columns = ["A", "B"] } }'
    (tmp_path / "own.toml").write_text(record, "utf-8")
    mapping = file.read(tmp_path / "own.toml")
    (one,) = mapping.records
    top, said = schema(file.SCHEMA)["properties"], schema(file.SCHEMA)["$defs"]
    field = said["field"]["properties"]

    assert top["columns_vary"]["default"] == mapping.columns_vary
    assert (said["record"]["properties"]["differ"]["default"] == "first") == one.takes_first
    assert (field["join"]["default"], field["most"]["default"]) == (one.fields[0].join, one.fields[0].most)


@pytest.mark.parametrize("length", [1, 100, 101])
def test_a_dataset_of_the_environment_may_be_what_one_of_the_file_may_be(length: int, tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text(f'[upload]\ndataset = "{"a" * length}"', "utf-8")
    found = []
    for environ, folder in (({}, tmp_path), ({"LEXER_DATASET_ID": "a" * length}, tmp_path / "none")):
        try:
            found.append(config.read(environ, folder).datasets[ANY])
        except config.UsageError:
            found.append(None)

    assert found == ["a" * length if length <= 100 else None] * 2


@pytest.mark.parametrize("preset", sorted(file.PRESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_preset_is_a_good_mapping(preset: Path) -> None:
    assert file.read(preset) == file.find(preset.stem)


def test_the_example_of_the_module_is_a_good_mapping(tmp_path: Path) -> None:
    example = (file.__doc__ or "").partition("\n\n")[2]
    (tmp_path / "own.toml").write_text(example, "utf-8")

    assert file.read(tmp_path / "own.toml").title == "Till receipts"


@pytest.mark.parametrize("path", SCHEMAS.values(), ids=lambda path: path.name)
def test_a_schema_is_packed_with_the_code(path: Path) -> None:
    packed = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["setuptools"]["package-data"]

    assert "*.schema.json" in packed[f"lexer_pipeline.{path.parent.name}"]
    assert path.name.endswith(".schema.json")


@pytest.mark.parametrize("flag", SCHEMAS)
@pytest.mark.parametrize("further", [[], ["--json"], ["--quiet"]])
def test_the_command_prints_a_schema(
    flag: str, further: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["specs", flag, *further]) == 0

    out, err = capsys.readouterr()
    assert (json.loads(out), err) == (schema(SCHEMAS[flag]), "")


def test_one_thing_is_asked_of_specs_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["specs", "--mapping-schema", "--settings-schema"]) == 2
    assert run_command(["specs", "purchase", "--mapping-schema"]) == 2


def test_a_setting_is_named_as_toml_writes_it() -> None:
    assert (
        settings_file.named(("records", 0, "fields", "link.email", "convert", 1))
        == 'records.fields."link.email".convert'
    )
