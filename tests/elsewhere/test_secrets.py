"""What is secret in an address stands in nothing that a run says or writes."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.system.addresses import address_of, shown, without_secrets

from tests.elsewhere.site import Site
from tests.running import command

HEADER = "link.email,first_name,loyalty tier\n"
TABLE = (HEADER + "mira.holt@example.com,Mira,gold\n" * 30 + "no mail,Tim,gold\n").encode()
SECRET = "opensesame"  # noqa: S105 - what is looked for
QUERY = f"?X-Amz-Credential=AKIA{SECRET}%2F20260101&X-Amz-Signature={SECRET}#{SECRET}"
COMMANDS = (
    ("inspect", "URL"),
    ("inspect", "URL", "--json"),
    ("validate", "URL", "--spec", "customer_record"),
    ("validate", "URL", "--spec", "customer_record", "--ignore-unknown", "--show-values", "--json"),
    ("validate", "URL", "URL", "--spec", "customer_record"),
    ("validate", "URL"),
    ("validate", "URL", "--sepc", "customer_record"),
    ("validate", "URL", "--spec", "customer_recrod"),
    ("validate", "URL", "--spec", "customer_record", "--hidden", "URL"),
    ("convert", "URL", "--spec", "customer_record", "--ignore-unknown", "--log-file", "log.ndjson"),
    ("convert", "URL", "--spec", "customer_record", "--ignore-unknown", "--max-invalid", "50%", "--json", "--log-format", "json"),
    ("convert", "URL", "NONE", "--spec", "customer_record", "--debug"),
    ("map", "URL", "--spec", "customer_record"),
    ("map", "URL"),
    ("map", "URL", "--spec", "customer_record"),
    ("report", "URL", "--spec", "customer_record", "--ignore-unknown"),
    ("diff", "URL", "URL", "--spec", "customer_record", "--ignore-unknown", "--out", "page.html"),
    ("diff", "URL", "NONE", "--spec", "customer_record", "--ignore-unknown", "--json"),
    ("run", "URL", "--spec", "customer_record", "--ignore-unknown", "--dry-run"),
    ("run", "NONE", "--spec", "customer_record", "--missing", "ok", "--dry-run"),
    ("run", "--list"),
    ("run", "--list", "--json"),
    ("run", "nightly", "--dry-run", "--log-file", "log.ndjson"),
    ("run", "nightly", "--dry-run", "--json"),
    ("trace", "profile_customer-20260101-a", "1"),
    ("settle", "URL"),
    ("upload", "URL", "--dry-run"),
    ("validate", "USER", "--spec", "customer_record"),
    ("validate", "FTP", "--spec", "customer_record"),
    ("validate", "S3", "--spec", "customer_record"),
    ("validate", "NOWHERE", "--spec", "customer_record"),
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_part_of_a_run_repeats_a_secret(
    site: Site, here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    put = {
        "URL": site.put("/exports/a.csv", TABLE) + QUERY,
        "NONE": f"{site.url}/exports/none.csv{QUERY}",
        "USER": f"{site.url.replace('//', f'//mira:{SECRET}@')}/exports/a.csv",
        "FTP": f"ftp://mira:{SECRET}@127.0.0.1/a.csv{QUERY}",
        "S3": f"s3://bucket/a.csv{QUERY}",
        "NOWHERE": f"https://mira:{SECRET}@nowhere.invalid/a.csv{QUERY}",
    }
    job = f'[job.nightly]\nsources = ["{put["URL"]}", "{put["NONE"]}"]\nspec = "customer_record"\nignore_unknown = true\n'
    (here / "pipeline.toml").write_text(job)

    capsys.readouterr()
    code = run_command([put.get(word, word) for word in words])
    said = "".join(capsys.readouterr())

    assert code in (0, 1, 2, 3)
    assert said.strip()
    assert SECRET not in said
    written = [file for file in here.rglob("*") if file.is_file() and file.name != "pipeline.toml"]
    assert not [file for file in written if SECRET.encode() in file.read_bytes() or SECRET in file.name]


def test_a_batch_knows_its_source_by_the_address_without_what_is_secret(site: Site, here: Path) -> None:
    command(
        "convert", site.put("/exports/a.csv", TABLE) + QUERY, "--spec", "customer_record", "--ignore-unknown", cwd=here
    )  # fmt: skip

    (manifest,) = here.glob("batches/*/manifest.json")
    assert [one["path"] for one in json.loads(manifest.read_bytes())["sources"]] == [
        f"{site.url}/exports/a.csv"
    ]
    (issues,) = here.glob("batches/*/issues.ndjson")
    assert json.loads(issues.read_bytes().splitlines()[0])["source"] == f"{site.url}/exports/a.csv"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("https://me:secret@Shop.example.com:8443/a/b.csv?sig=secret#secret", "https://shop.example.com:8443/a/b.csv"),
        ("https://me:sec/secret@shop.example.com/a.csv", "https://..."),
        ("https://me:se?secret@shop.example.com/a.csv", "https://..."),
        ("https://[::1]:8443/a.csv", "https://[::1]:8443/a.csv"),
        ("https://secret@shop.example.com", "https://shop.example.com"),
        ("HTTPS://shop.example.com/a?b", "https://shop.example.com/a"),
        ("s3://bucket/deep/a?.csv", "s3://bucket/deep/a?.csv"),
        ("s3://bucket/a#1.csv", "s3://bucket/a#1.csv"),
        ("s3://key:secret@bucket/a.csv?X-Amz-Signature=secret", "s3://bucket/a.csv"),
        ("abfss://exports@account.dfs.core.windows.net/a.csv", "abfss://exports@account.dfs.core.windows.net/a.csv"),
        ("abfss://exports:secret@account.dfs.core.windows.net/a?sig=secret", "abfss://exports@account.dfs.core.windows.net/a"),
        ("ftp://me:secret@host/a?b=secret", "ftp://host/a"),
        ("s3:/bucket/a.csv", "s3://bucket/a.csv"),
        ("backup:/a.csv", "backup:/a.csv"),
        ("C:/exports/a.csv", "C:/exports/a.csv"),
        ("exports/a.csv", "exports/a.csv"),
        ("-", "-"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_what_is_secret(typed: str, said: str) -> None:
    assert shown(typed) == said
    assert "secret" not in repr(address_of(typed))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("https://host/a.csv?sig=secret", "https://host/a.csv?..."),
        ("--map=https://me:secret@host/a.toml", "--map=https://host/a.toml"),
        ("no such file: https://host/a?secret and s3://b/k", "no such file: https://host/a?... and s3://b/k"),
        ("s3://bucket/*.csv", "s3://bucket/*.csv"),
        ("https://host/a.csv", "https://host/a.csv"),
        ("in/a.csv", "in/a.csv"),
    ],
)
def test_words_that_were_typed_are_repeated_without_what_is_secret(typed: str, said: str) -> None:
    assert without_secrets(typed) == said
