"""Every example of the pages runs, and gives what stands beside it."""

import contextlib
import hashlib
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.model import Field, Receipt
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, validate
from lexer_pipeline.uploading import settings as config

from docs.pages import DOCS, ROOT, blocks, section, text_of

EXPORT = "samples/exports/hubspot_contacts/dirty_contacts/all-contacts.csv"
# Objects whose keys are names, codes or shapes found in the data.
COUNTS = {"kinds", "date_forms", "shapes", "issues", "warnings", "conversions", "skipped", "unmatched"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder to work in, with the samples."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    return tmp_path


def test_every_example_of_the_library_runs() -> None:
    prepared, refused = blocks("python", text_of("docs/library.md"))

    assert "prepared 1 1" in (printed := run(prepared))
    assert "pattern" in printed
    assert run(refused) == "3 nofile.csv: there is no such file\n"


def run(example: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "docs/library.md", "exec"), {})
    return printed.getvalue()


def test_the_example_of_pipeline_toml_is_read(folder: Path) -> None:
    (example,) = blocks("toml", text_of("docs/settings.md"))
    (folder / config.FILE).write_text(example, "utf-8")

    settings = config.read({}, folder)

    assert settings.datasets == {"purchase": "a1b2c3d4", "customer_record": "b2c3d4e5"}
    assert settings.ledger == folder / "ledger.sqlite3"
    assert settings.names == {"profile_customer": "customer_records"}
    assert (settings.parallel, settings.limit_rate) == (2, 2_000_000)


def test_the_example_of_edits_is_applied(folder: Path) -> None:
    (example,) = blocks("toml", text_of("docs/review.md"))
    rows = "".join(
        f"A-{line},mira@example.com,2024-03-06T10:15:00Z,ecommerce,{line},1\n" for line in range(2, 18)
    )
    source = folder / "orders.csv"
    source.write_text(
        f"purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity\n{rows}", "utf-8"
    )
    told = re.sub("[0-9a-f]{64}", hashlib.sha256(source.read_bytes()).hexdigest(), example)
    (folder / "orders.csv.edits.toml").write_text(told.replace('"Total"', '"products[].price_paid"'), "utf-8")
    (batch,) = prepare(
        ["orders.csv"], "purchase", options=Options(edits=Path("orders.csv.edits.toml"))
    ).batches

    changed = ["A-2", "A-17"]
    lines = [json.loads(line) for line in batch.file.read_text("utf-8").splitlines()]
    assert [one["purchase_id"] for one in lines if one["products"][0]["price_paid"] == 9.95] == changed


def test_the_example_of_a_mapping_makes_the_record_beside_it(folder: Path) -> None:
    said = text_of("docs/mappings.md")
    for name, language in (("till.csv", "csv"), ("till.toml", "toml"), ("record.json", "json")):
        example, *_ = blocks(language, said)
        (folder / name).write_text(example, "utf-8")

    report = prepare(["till.csv"], options=Options(mapping="till.toml", zone="Australia/Hobart"))

    (batch,) = report.batches
    assert [json.loads(line) for line in batch.file.read_bytes().splitlines()] == [
        json.loads((folder / "record.json").read_bytes())
    ]
    assert batch.manifest.skipped == {"a void receipt is no purchase": 1}


def test_the_page_of_an_api_on_the_page_on_files_has_the_path_that_it_names(folder: Path) -> None:
    said = section("docs/files.md", "### What pages include")
    (page,) = blocks("json", said)
    (path,) = set(re.findall(r"`(relationships[.a-z]+email)`", said))
    fields = f'"link.email" = "{path}"\n"custom_fields.event" = "id"\n'
    mapping = '[documents]\nincluded = "included"\n[[records]]\nspecification = "customer_record"\n[records.fields]\n'
    (folder / "events.json").write_text(page, "utf-8")
    (folder / "events.toml").write_text(f"columns_vary = true\n{mapping}{fields}", "utf-8")

    (batch,) = prepare(["events.json"], options=Options(mapping="events.toml")).batches

    assert json.loads(batch.file.read_bytes()) == {
        "custom_fields": {"event": "E1"},
        "link": {"email": "mira.holt@example.com"},
    }


def test_every_table_of_the_page_on_files_is_read_as_it_says(folder: Path) -> None:
    numbered, rows_of_one = blocks("csv", text_of("docs/files.md"))
    (folder / "numbered.csv").write_text(numbered, "utf-8")
    (folder / "rows.csv").write_text(rows_of_one, "utf-8")

    report = validate(["numbered.csv", "rows.csv"], "purchase")

    assert [(one.valid, one.invalid, one.continuations) for one in report.sources] == [(1, 0, 0), (2, 0, 1)]


def test_the_example_of_a_schema_is_a_specification_that_works(folder: Path) -> None:
    (example,) = blocks("json", text_of("docs/specifications.md"))
    (folder / "warranty_claims.json").write_text(example, "utf-8")
    (folder / "claims.csv").write_text(
        "claim_id,email,state,parts[].sku\nC-1, Mira.Holt@example.com,closed,A\nC-1,,,B\nC-2,nobody,open,\n"
    )

    (report,) = validate(["claims.csv"], "warranty_claims.json").sources

    assert (report.valid, report.invalid, report.continuations) == (1, 1, 1)
    assert dict(report.conversions) == {("email_cleaned", "email"): 1}
    assert dict(report.warnings) == {("deprecated_value", "state"): 1}


# ---------------------------------------------------------------------------------------------------- --json

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def shown(command: str) -> Any:
    (example,) = blocks("json", section("docs/json.md", f"## `{command}`"))
    return json.loads(example)


def printed(*words: str) -> Any:
    """What a command prints with --json."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        run_command([*words, "--json"])
    return json.loads(output.getvalue())


def alike(said: Any, real: Any, where: str = "") -> list[str]:
    """Where an example does not have the keys, in their order, and the types of what is really printed."""
    if type(said) is not type(real) and None not in (said, real):
        return [f"{where}: {type(real).__name__}"]
    if isinstance(said, list) and said:
        assert isinstance(real, list)
        return (
            [fault for one in said for fault in alike(one, real[0], f"{where}[]")]
            if real
            else [f"{where} is empty"]
        )
    if not isinstance(said, dict) or where.rpartition(".")[2] in COUNTS:
        return []
    if where.endswith("specifications[].fields"):
        return []
    faults = [] if list(said) == list(real) else [f"{where} has {', '.join(real)}"]
    return faults + [
        fault for key in said if key in real for fault in alike(said[key], real[key], f"{where}.{key}")
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("specs", ["specs", "customer_record"]),
        ("inspect", ["inspect", EXPORT]),
        ("map", ["map", EXPORT, "--spec", "customer_record"]),
        ("validate", ["validate", EXPORT]),
        ("convert", ["convert", EXPORT]),
        ("explain", ["explain", "missing"]),
    ],
)
def test_what_json_shows_of_a_command_is_what_it_prints(command: str, words: list[str]) -> None:
    assert alike(shown(command), printed(*words)) == []


def test_what_json_shows_of_status_is_what_it_prints() -> None:
    printed("convert", EXPORT, "--date", "20240306")

    said, found = shown("status"), printed("status")
    assert re.fullmatch(MOMENT, found["batches"][0].pop("updated_at"))
    assert re.fullmatch(MOMENT, said["batches"][0].pop("updated_at"))
    assert said == found


def test_what_json_shows_of_an_export_is_true_of_it() -> None:
    """The first of each list, and all counts; what a list holds more is left out of the page."""
    converted = printed("convert", EXPORT, "--date", "20240306")
    validated, inspected = printed("validate", EXPORT)["sources"][0], printed("inspect", EXPORT)["sources"][0]
    said = shown("inspect")["sources"][0]
    mapped = printed("map", EXPORT, "--spec", "customer_record")

    assert "hubspot" in converted["batches"][0]["mapping"].lower()
    assert shown("convert") == {"batches": [{**converted["batches"][0], "mapping": "..."}]}
    assert shown("validate")["sources"][0] == {**validated, "examples": validated["examples"][:1]}
    candidate = said["specifications"][0]
    assert candidate["fields"].items() <= inspected["specifications"][0]["fields"].items()
    candidate |= {key: inspected["specifications"][0][key] for key in ("fields", "unmatched")}
    assert said == {
        **inspected,
        "columns": inspected["columns"][:1],
        "specifications": inspected["specifications"][:1],
    }
    assert shown("map") == {**mapped, "fields": mapped["fields"][:1], "unmatched": mapped["unmatched"][:2]}


def test_what_json_shows_of_an_error_is_what_it_prints() -> None:
    (example,) = blocks("json", section("docs/json.md", "## Errors"))

    assert json.loads(example) == printed("validate", "nofile.csv", "--spec", "purchase")


def test_what_json_shows_of_an_upload_and_of_a_field_has_all_their_keys() -> None:
    assert list(shown("upload")["uploads"][0]) == list(Receipt.__struct_fields__)
    assert list(shown("specs")["specifications"][0]["fields"][0]) == list(Field.__struct_fields__)


def test_no_example_of_a_language_that_runs_is_left_out() -> None:
    """Python, TOML, CSV and JSON stand on those pages alone whose examples are run above."""
    run = {"python": {"library.md", "unattended.md"}, "toml": {"settings.md", "mappings.md", "review.md", "unattended.md", "databases.md"}, "csv": {"files.md", "mappings.md"},
           "json": {"files.md", "json.md", "mappings.md", "specifications.md"}}  # fmt: skip
    for language, names in run.items():
        pages = {page.name for page in DOCS.glob("*.md") if blocks(language, page.read_text("utf-8"))}
        assert pages == names, language
    assert not any(blocks(language, text_of("README.md")) for language in run)
    assert shutil.which("sh")
