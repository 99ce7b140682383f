"""Settings: where they come from, what is refused, and what is never shown."""

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.datasets import dataset_for
from lexer_pipeline.uploading.settings import API_URL, Settings, Token, read, safe_url

from tests.keyring_file import FileRing


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = read({}, tmp_path)

    assert (settings.url, settings.token, settings.parallel) == (API_URL, None, 4)
    assert (settings.datasets, settings.ledger, settings.account) == ({}, None, "")
    assert (settings.service, settings.former_service) == (API_URL, "api.lexer.io")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text(
        '[upload]\nurl = "https://file.example.com/v1"\ndataset = "fromfile"\nparallel = 2\nlimit_rate = 1000\n'
        '[datasets]\ncustomer_record = "a1b2"\n[names]\ncustomer_record = "customer_records"\n'
    )
    plain = read({}, tmp_path)
    environ = {"LEXER_UPLOAD_API_URL": "https://env.example.com/v1", "LEXER_DATASET_ID": "fromenv"}
    changed = read(environ, tmp_path)

    assert (plain.service, plain.parallel, plain.limit_rate) == ("https://file.example.com/v1", 2, 1000)
    assert plain.names == {"customer_record": "customer_records"}
    assert dataset_for(plain.datasets, "customer_record") == "fromfile"
    assert (changed.service, dataset_for(changed.datasets, "customer_record")) == (
        "https://env.example.com/v1",
        "fromenv",
    )


def test_a_dataset_is_chosen_by_record_type(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text('[datasets]\ncustomer_record = "a1b2"\n')
    settings = read({}, tmp_path)

    assert [dataset_for(settings.datasets, kind) for kind in ("customer_record", "purchase", None)] == [
        "a1b2",
        "",
        "",
    ]


def test_datasets_of_the_environment_win_for_their_types_alone(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text('[datasets]\ncustomer_record = "a1b2"\npurchase = "c3d4"\n')
    settings = read({"LEXER_DATASET_ID": "purchase=e5f6"}, tmp_path)

    assert settings.datasets == {"customer_record": "a1b2", "purchase": "e5f6"}


@pytest.mark.parametrize(
    ("url", "account", "service", "former"),
    [
        ("https://API.Lexer.io:443/v1/uploads/", "", "https://api.lexer.io/v1/uploads", "api.lexer.io"),
        ("https://api.lexer.io:8443/v1/uploads", "", "https://api.lexer.io:8443/v1/uploads", "api.lexer.io"),
        ("https://api.lexer.io/v2", "northwind", "https://api.lexer.io/v2 northwind", "api.lexer.io"),
        ("http://127.0.0.1:80/v1", "", "http://127.0.0.1/v1", ""),
        ("http://localhost:8080/v1", "", "http://localhost:8080/v1", ""),
        ("http://[::1]:8080/v1", "", "http://[::1]:8080/v1", ""),
    ],
)
def test_a_service_is_scheme_host_port_path_and_account(
    url: str, account: str, service: str, former: str
) -> None:
    settings = Settings(url=url, account=account)

    assert (settings.service, settings.former_service) == (service, former)


@pytest.mark.parametrize(
    "text",
    ['token = "s3cr3t-value"', '[upload]\napi_token = "s3cr3t-value"', '[upload.deep]\nToken = "s3cr3t-value"',
     'LEXER_UPLOAD_API_TOKEN = "s3cr3t-value"'],
)  # fmt: skip
def test_a_token_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "pipeline.toml").write_text(text)
    with pytest.raises(UsageError, match="token") as caught:
        read({}, tmp_path)
    assert "LEXER_UPLOAD_API_TOKEN" in caught.value.hint
    assert "s3cr3t" not in repr(caught.value.as_json())


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("[uplaod]\nparallel = 2", "upload"),
        ("[upload]\nparalel = 2", "parallel"),
        ("[upload]\nlimitrate = 2", "limit_rate"),
    ],
)
def test_an_unknown_key_names_the_nearest(tmp_path: Path, text: str, near: str) -> None:
    (tmp_path / "pipeline.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read({}, tmp_path)
    assert near in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["[upload", "upload = 1", "[upload]\nstall_timeout = 0", "[upload]\nstall_timeout = true", '[upload]\nparallel = "4"',
     "[upload]\nlimit_rate = -1", '[names]\ncustomer_record = "a-b"', '[datasets]\ncustomer = "a b"', "[datasets]\ncustomer = 5",
     '[upload]\nca_file = "absent.pem"', '[upload]\nproxy = "localhost:3128"', "[upload]\nurl = 5"],
)  # fmt: skip
def test_a_bad_value_is_a_usage_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "pipeline.toml").write_text(text)
    with pytest.raises(UsageError):
        read({}, tmp_path)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LEXER_UPLOAD_API_URL", "ftp://a.example.com"),
        ("LEXER_UPLOAD_API_URL", "http://a.example.com"),
        ("LEXER_UPLOAD_API_URL", "https://[a"),
        ("LEXER_UPLOAD_API_URL", "https://mira:holt@a.example.com"),
        ("LEXER_UPLOAD_API_TOKEN", "two words"),
        ("LEXER_DATASET_ID", "a b"),
        ("LEXER_DATASET_ID", "purchse=a1b2"),
        ("LEXER_DATASET_ID", "purchase=a1b2,purchase=c3d4"),
        ("LEXER_CA_FILE", "absent.pem"),
        ("LEXER_CA_FILE", "x" * 5000),
        ("LEXER_LEDGER", "absent/ledger.sqlite3"),
        ("LEXER_LEDGER", "nul\0/ledger.sqlite3"),
    ],
)
def test_a_fault_of_a_variable_names_the_variable_and_not_the_file(
    variable: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / "pipeline.toml").write_text(
        '[upload]\nurl = "https://file.example.com"\ndataset = "fromfile"\n[ledger]\npath = "ledger.sqlite3"\n'
    )

    with pytest.raises(UsageError) as caught:
        read({variable: value}, tmp_path)

    assert caught.value.message.startswith(variable)
    assert caught.value.hint
    assert "pipeline.toml" not in caught.value.message + caught.value.hint
    assert "holt" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("environ", "place"),
    [({}, "of-the-file.sqlite3"), ({"LEXER_LEDGER": "of-the-environment.sqlite3"}, "of-the-environment.sqlite3"),
     ({"LEXER_LEDGER": "shared"}, "shared"), ({"LEXER_LEDGER": ""}, "of-the-file.sqlite3")],
)  # fmt: skip
def test_the_ledger_lies_where_the_environment_or_the_file_says(
    environ: dict[str, str], place: str, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "pipeline.toml").write_text('[ledger]\npath = "of-the-file.sqlite3"\n')

    assert read(environ, tmp_path).ledger == tmp_path / place


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://127.0.0.1:80/x", "http://localhost:1/x", "http://[::1]:1/x"]
)
def test_https_and_this_machine_are_trusted(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["http://api.example.com/v1", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/", "api.example.com", "",
     "https://mira:holt@example.com/", "https://example.com/?key=1", "https://example.com/#x", "https://example.com:port/",
     "https://example.com/a b", "https://example.com/\n", "https://[/"],
)  # fmt: skip
def test_other_addresses_never_get_the_token(url: str) -> None:
    with pytest.raises(UsageError):
        safe_url(url)


def test_the_token_is_hidden(tmp_path: Path) -> None:
    settings = read({"LEXER_UPLOAD_API_TOKEN": " s3cr3t-value\n"}, tmp_path)

    assert settings.token == Token("s3cr3t-value")
    assert "s3cr3t" not in f"{settings} {settings!r} {settings.token}"


@pytest.mark.parametrize("token", ["two words", "line\r\nbreak", "tökén", "nul\0"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    with pytest.raises(UsageError) as caught:
        read({"LEXER_UPLOAD_API_TOKEN": token}, tmp_path)
    assert token not in repr(caught.value.as_json())


def test_a_certificate_file_may_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")

    assert read({"LEXER_CA_FILE": "ca.pem"}, tmp_path).ca_file == tmp_path / "ca.pem"


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a token into a key ring in a file."""
    monkeypatch.setenv("KEYRING_FILE", str(tmp_path / "ring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileRing())
    yield lambda token: keyring.set_password("lexer-pipeline", "LEXER_UPLOAD_API_TOKEN", token)
    keyring.set_keyring(before)


def test_the_key_ring_is_asked_where_the_environment_holds_no_token(
    tmp_path: Path, ring: Callable[[str], None]
) -> None:
    ring("s3cr3t-value\n")

    assert read({}, tmp_path).token == Token("s3cr3t-value")
    assert read({"LEXER_UPLOAD_API_TOKEN": "first"}, tmp_path).token == Token("first")


def test_what_sends_nothing_asks_no_key_ring(tmp_path: Path, ring: Callable[[str], None]) -> None:
    ring("s3cr3t-value")

    assert read({}, tmp_path, to_send=False).token is None


def test_a_locked_key_ring_holds_nothing(
    tmp_path: Path, ring: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYRING_FILE", "locked")

    assert read({}, tmp_path).token is None


def test_a_bad_token_of_the_key_ring_is_said_to_be_from_there(
    tmp_path: Path, ring: Callable[[str], None]
) -> None:
    ring("two words")

    with pytest.raises(UsageError, match="^the token in the key ring") as caught:
        read({}, tmp_path)
    assert "two words" not in repr(caught.value.as_json())


def test_a_slash_at_the_end_of_the_address_is_no_other_address(tmp_path: Path) -> None:
    plain, slashed = (read({"LEXER_UPLOAD_API_URL": f"{API_URL}{end}"}, tmp_path) for end in ("", "/"))
    assert (slashed.url, slashed.service) == (plain.url, plain.service) == (API_URL, API_URL)
