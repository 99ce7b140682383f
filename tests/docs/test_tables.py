"""The tables of the pages are complete: codes, names of conversions, specifications, presets, settings, states."""

import ast
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lexer_pipeline
import pytest
from lexer_pipeline.codes.changes import ALWAYS, BY_MAPPING, CHANGES
from lexer_pipeline.codes.ends import ERRORS
from lexer_pipeline.codes.entry import Entry
from lexer_pipeline.codes.issues import ISSUES
from lexer_pipeline.codes.obstacles import OBSTACLES
from lexer_pipeline.codes.warnings import WARNINGS
from lexer_pipeline.mapping import conversions, file
from lexer_pipeline.mapping.conversions import dates, forms
from lexer_pipeline.mapping.conversions.moments import PIVOT
from lexer_pipeline.mapping.file import PRESETS
from lexer_pipeline.model import Issue, Manifest, SourceUse
from lexer_pipeline.outbox.entry import BatchState, State
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.sandbox.settings import Settings as Rules
from lexer_pipeline.specs import catalog
from lexer_pipeline.suspicions import SUSPICIONS
from lexer_pipeline.uploading import settings as config
from msgspec.structs import fields

from docs.pages import ROOT, coded, first_cells, rows, section, text_of

MAPPING_SCHEMA = json.loads(file.SCHEMA.read_bytes())
SOURCE = Path(lexer_pipeline.__file__).parent
SNAKE = re.compile(r"[a-z]+(?:_[a-z]+)+")
# Where the conversions and warnings of values are named.
NAMING = ("specs/values.py", "specs/signs.py", "validating/cleaning.py", "validating/reference.py")
CODES_PAGE, MAPPINGS, SETTINGS, SPECIFICATIONS = (
    f"docs/{name}.md" for name in ("codes", "mappings", "settings", "specifications")
)
# What a run hands over, and what only the command line asks for.
NO_FLAGS = {"names", "stdin", "progress", "show_values", "timings", "day"}


@pytest.mark.parametrize(
    ("title", "known"),
    [("## Issues", ISSUES), ("## Warnings", WARNINGS), ("## Obstacles", OBSTACLES), ("## Errors", ERRORS)],
)
def test_every_code_is_explained_in_the_programs_own_words(title: str, known: Mapping[str, Entry]) -> None:
    told = {coded(row[0])[0]: row[1] for row in rows(section(CODES_PAGE, title)) if coded(row[0])}

    assert told == {name: one.meaning for name, one in known.items()}


def test_every_suspicion_is_explained_in_the_programs_own_words() -> None:
    rows = [
        f"| `{code}` | {one.weight}{' by share' if one.by_share else ''} | {one.meaning} | {one.example} | {one.remedy} |"
        for code, one in sorted(SUSPICIONS.items())
    ]
    table = [line for line in section(CODES_PAGE, "## Suspicions").splitlines() if line.startswith("| `")]
    assert table == rows


def names_in_code() -> set[str]:
    """Every word_with_underscores that stands alone in a string where conversions and warnings are named."""
    trees = [ast.parse((SOURCE / name).read_text("utf-8")) for name in NAMING]
    words = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {word for word in words if isinstance(word, str) and SNAKE.fullmatch(word)} - {
        *ISSUES,
        *SUSPICIONS,
    }


def names_in_samples(kind: str, pattern: str) -> set[str]:
    counts = [json.loads(path.read_bytes()) for path in ROOT.glob(f"samples/{pattern}/*manifest.json")]
    return {name for count in counts for name in count.get(kind, ())}


def explained(title: str, part: slice) -> list[str]:
    return first_cells("".join(section(CODES_PAGE, title).split("\n\nThese happen where")[part]))


def test_every_conversion_and_warning_of_values_is_explained_and_shown_by_a_sample() -> None:
    warnings, own = explained("## Warnings", slice(None)), explained("## Conversions", slice(1))

    assert names_in_code() - {*warnings, *own, *SUSPICIONS} == set()
    assert set(own) == names_in_samples("conversions", "[!e]*/*")
    assert set(warnings) == names_in_samples("warnings", "*/*") | names_in_samples("warnings", "exports/*/*")


def test_every_change_that_a_mapping_makes_is_explained_in_the_programs_own_words() -> None:
    said = section(CODES_PAGE, "## Conversions").partition("\n\nThese happen where")[2]
    intro, _, table = said.partition("\n\n")
    told = {coded(row[0])[0]: row[1] for row in rows(table)}

    always = {
        coded(row[0])[0]: row[1]
        for row in rows(section(CODES_PAGE, "## Conversions").partition("\n\nThese happen where")[0])
    }

    assert told == {name: one.meaning for name, one in BY_MAPPING.items()}
    assert always == {name: one.meaning for name, one in ALWAYS.items()}
    assert set(coded(intro)) - {"--date-format"} <= set(CHANGES)
    assert names_in_samples("conversions", "exports/*/*") <= {*told, *explained("## Conversions", slice(1))}


def test_every_specification_and_record_type_is_listed() -> None:
    said = text_of(SPECIFICATIONS)

    assert [name for name in first_cells(said) if name in catalog.names()] == list(catalog.names())
    for spec in catalog.every():
        assert re.search(rf"^\| `{spec.name}` \| `?{spec.record_type or 'none'}`? \|", said, re.M), spec.name


def test_every_keyword_that_a_schema_may_have_beside_json_schemas_is_explained() -> None:
    sources = [
        path.read_text("utf-8") for room in ("specs", "validating") for path in (SOURCE / room).glob("*.py")
    ]
    read = {word for text in sources for word in re.findall(r'"(x-[a-z-]+)"', text)}

    assert set(first_cells(section(SPECIFICATIONS, "## Your own"))) - {"keyword"} == read


def test_every_link_that_the_schemas_take_is_listed() -> None:
    schema = json.loads((ROOT / "schemas/profile_customer.json").read_bytes())
    shapes = schema["$defs"]["link"]
    keys = {key for shape in shapes["anyOf"] for key in _keys(schema, shape)}

    assert keys <= set(coded(section(SPECIFICATIONS, "## Links")))


def _keys(schema: Any, shape: Any) -> set[str]:
    if "$ref" in shape:
        shape = schema["$defs"][shape["$ref"].rpartition("/")[2]]
    return set(shape["properties"])


def test_every_preset_is_listed_with_what_it_makes() -> None:
    words = {"commerce_purchases": "purchases", "commerce_returns": "returns", "commerce_products": "products",
             "profile_customer": "customers", "marketing_email_subscribe": "e-mail subscriptions",
             "marketing_sms_subscribe": "SMS subscriptions", "marketing_email_send": "e-mail sends",
             "marketing_email_open": "e-mail opens", "marketing_email_click": "e-mail clicks",
             "marketing_email_bounce": "e-mail bounces", "marketing_sms_send": "SMS sends",
             "marketing_sms_click": "SMS clicks"}  # fmt: skip
    told = {coded(row[0])[0]: row[1] for row in rows(text_of("docs/presets.md"))}

    assert set(told) == {path.stem for path in PRESETS.glob("*.toml")}
    for preset in file.presets():
        made = dict.fromkeys(words[record.specification] for record in preset.records)
        assert told[preset.name] == (", ".join(made) or "nothing"), preset.name


def test_every_preset_says_where_its_header_was_seen_how_sure_that_is_and_what_to_know() -> None:
    page = text_of("docs/presets.md")
    listed = rows(page)
    sure = re.findall(r"^- \*\*([\w ]+)\*\*: ", page, re.M)
    noted = re.findall(r"^- `(\w+)`: \S", page, re.M)

    assert len({row[0] for row in listed}) == len(listed)
    assert [row[0] for row in listed if len(row) != 4 or not row[2] or row[3] not in sure] == []
    assert [coded(row[0])[0] for row in listed] == noted


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("## The file", [*MAPPING_SCHEMA["properties"]]),
        ("## A record", [*MAPPING_SCHEMA["$defs"]["record"]["properties"]]),
        ("## A field", [*MAPPING_SCHEMA["$defs"]["field"]["properties"]]),
    ],
)
def test_every_setting_of_a_mapping_is_explained(title: str, known: list[str]) -> None:
    assert sorted(first_cells(section(MAPPINGS, title))) == sorted(known)


def test_every_setting_of_a_skip_is_explained() -> None:
    said = section(MAPPINGS, "## A record").rpartition("\n| ")[2]

    assert set(coded(said)) >= set(MAPPING_SCHEMA["$defs"]["skip"]["properties"])


def test_the_table_of_conversions_is_complete_and_in_the_programs_own_words() -> None:
    table = rows(section(MAPPINGS, "## Conversions").partition("### ")[0])
    told = {row[0].strip("`"): row[2].replace("`", "") + "." for row in table}

    assert told == dict(conversions.DESCRIPTIONS)


def test_every_conversion_is_written_as_its_table_shows() -> None:
    for row in rows(section(MAPPINGS, "## Conversions").partition("### ")[0]):
        for shown in coded(row[1]):
            (value,) = tomllib.loads(f"convert = [{shown}]")["convert"]
            name, argument = next(iter(value.items())) if isinstance(value, dict) else (value, None)

            assert name == row[0].strip("`")
            assert conversions.compile_conversion(name, argument)


def test_every_form_of_dates_is_listed_with_a_date_that_it_reads() -> None:
    table = [row for row in rows(section(MAPPINGS, "### Dates")) if len(row) == 2 and coded(row[1])]
    listed = {name: coded(row[1])[0] for row in table for name in coded(row[0])}
    listed = {name: date for name, date in listed.items() if name not in dates.SETTINGS}

    assert set(listed) == set(forms.BY_NAME)
    for name, date in listed.items():
        moment = forms.BY_NAME[name].read(date, PIVOT)
        assert moment is not None, name
        assert moment.day.isoformat() == "2024-03-06", name


def test_every_setting_of_a_date_is_explained() -> None:
    listed = first_cells(section(MAPPINGS, "### Dates"))

    assert set(dates.SETTINGS) <= set(listed)
    assert f"; {PIVOT} |" in section(MAPPINGS, "### Dates")


def test_every_setting_stands_there_with_its_default() -> None:
    said, defaults = section(SETTINGS, "## pipeline.toml"), config.Settings()
    tables = json.loads(config.SCHEMA.read_bytes())["properties"]

    for table in tables:
        assert f"[{table}" in said
    shown = {row[0].strip("`"): row[1].strip("`") for row in rows(said)}
    assert sorted(shown) == sorted(tables["upload"]["properties"])
    for key, value in shown.items():
        default = getattr(defaults, key, None)
        expected = "0" if key == "limit_rate" else "none" if default in (None, "") else default
        assert value == (f"{expected:g}" if isinstance(expected, int | float) else expected), key


def test_every_variable_of_the_environment_is_named() -> None:
    read = set(re.findall(r'"(LEXER_[A-Z_]+)"', (SOURCE / "uploading/settings.py").read_text("utf-8")))

    assert read == set(first_cells(section(SETTINGS, "## The environment")))


def test_every_state_of_a_batch_is_explained() -> None:
    assert sorted(first_cells(section("docs/uploading.md", "## States"))) == sorted({*State, *BatchState})


@pytest.mark.parametrize(
    ("title", "noun"), [("manifest.json", Manifest), ("manifest.json", SourceUse), ("issues.ndjson", Issue)]
)
def test_every_key_of_a_file_is_explained(title: str, noun: Any) -> None:
    said = set(re.findall(r"`([a-z0-9_]+)`", section("docs/batches.md", f"## {title}")))

    # An issue's value is for the terminal and stands in no file.
    assert {field.name for field in fields(noun)} - {"value"} - said == set()


def test_every_option_of_the_library_is_listed_with_its_flag() -> None:
    listed = first_cells(section("docs/library.md", "## Options"))

    assert sorted(listed) == sorted({field.name for field in fields(Options)} - NO_FLAGS)


def test_every_rule_of_the_sandbox_is_listed_with_its_default() -> None:
    known = {row[0].strip("`"): row[1] for row in rows(text_of("docs/sandbox.md")) if len(row) == 3}

    assert {name: json.loads(value) for name, value in known.items()} == {
        field.name: list(value) if isinstance(value := getattr(Rules(), field.name), tuple) else value
        for field in fields(Rules)
    }
