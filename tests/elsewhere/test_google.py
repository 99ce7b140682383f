"""Objects of Google's buckets, as far as a server of this machine can stand for Google; and what is said without credentials."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lexer_pipeline import Network, Options, validate
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.clouds import _azure
from lexer_pipeline.system.addresses import address_of
from msgspec.structs import replace
from pyarrow import fs

from tests.elsewhere import google

SPEC = "customer_record"
TABLE = b"link.mobile,first_name\n" + b"".join(b"6141%07d,Mira\n" % row for row in range(12_000))


@pytest.fixture
def options() -> Options:
    """What a run opens is kept with its network, so that each has its own."""
    return Options(network=Network(sleep=lambda _: None))


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that stands for gs://exports."""
    folder = tmp_path / "google" / "exports"
    (folder / "in").mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, google.__file__, folder.parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        try:
            assert server.stdout is not None
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{int(server.stdout.readline())}")
            yield folder
        finally:
            server.kill()


def test_an_object_a_folder_and_a_pattern_are_read(options: Options, bucket: Path) -> None:
    (bucket / "in/a.csv").write_bytes(TABLE)
    (bucket / "in/b.csv.gz").write_bytes(gzip.compress(TABLE.replace(b"Mira", b"Tim")))
    for asked, names in (("in/a.csv", ["a.csv"]), ("in/", ["a.csv", "b.csv.gz"]), ("*/*.gz", ["b.csv.gz"])):
        report = validate([f"gs://exports/{asked}"], SPEC, options)
        assert [one.path for one in report.sources] == [f"gs://exports/in/{name}" for name in names]
        assert report.valid == 12_000 * len(names)


def test_an_object_that_changes_while_it_is_read_is_refused(options: Options, bucket: Path) -> None:
    (bucket / "in/a.csv").write_bytes(TABLE)

    def change(_rows: int, _bytes: int) -> None:
        (bucket / "in/a.csv").write_bytes(TABLE.replace(b"Mira", b"Lena"))

    with pytest.raises(SourceError, match="was changed while it was read"):
        validate(["gs://exports/in/a.csv"], SPEC, replace(options, progress=change))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("gs://exports/in/none.csv", "there is no such object"),
        ("gs://nowhere/a.csv", "there is no bucket nowhere"),
        ("gs://nowhere/", "there is no bucket nowhere"),
        ("gs://exports/forbidden.csv", "may not be read with the credentials"),
    ],
)
def test_what_google_refuses_is_a_sentence_in_our_words(
    options: Options, bucket: Path, address: str, words: str
) -> None:
    with pytest.raises(SourceError) as problem:
        validate([address], SPEC, options)
    assert problem.value.message.startswith(f"{address}: {words}")
    assert problem.value.hint
    assert "secret words" not in problem.value.message


def test_a_key_file_that_is_not_there_is_said_with_what_to_set(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json")
    with pytest.raises(SourceError, match="no credentials were found") as problem:
        validate(["gs://exports/a.csv"], SPEC, options)
    assert "GOOGLE_APPLICATION_CREDENTIALS" in problem.value.hint


@pytest.mark.parametrize(
    ("address", "environ", "meant"),
    [
        ("abfss://exports@shop.dfs.core.windows.net/a", {"AZURE_STORAGE_KEY": "a2V5"}, {}),
        ("abfss://exports/a", {"AZURE_STORAGE_ACCOUNT": "shop", "AZURE_STORAGE_KEY": "a2V5"}, {}),
        (
            "abfss://exports@shop.dfs.core.chinacloudapi.cn/a", {"AZURE_STORAGE_ACCOUNT": "shop", "AZURE_STORAGE_KEY": "a2V5"},
            {"dfs_storage_authority": ".dfs.core.chinacloudapi.cn", "blob_storage_authority": ".blob.core.chinacloudapi.cn"},
        ),
    ],
)  # fmt: skip
def test_an_address_of_azure_says_account_and_key(
    address: str, environ: dict[str, str], meant: dict[str, str]
) -> None:
    asked = address_of(address)
    assert asked is not None
    assert _azure(asked, Network(environ=environ)) == fs.AzureFileSystem("shop", account_key="a2V5", **meant)


def test_the_key_of_one_account_is_not_shown_to_another() -> None:
    asked = address_of("abfss://exports@shop.dfs.core.windows.net/a")
    assert asked is not None
    environ = {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_STORAGE_KEY": "a2V5"}
    assert _azure(asked, Network(environ=environ)) != fs.AzureFileSystem("shop", account_key="a2V5")


def test_an_address_of_azure_without_an_account_is_refused() -> None:
    with pytest.raises(UsageError, match="names no storage account"):
        validate(["abfss://exports/a.csv"], SPEC, Options(network=Network(environ={})))
