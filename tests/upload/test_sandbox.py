"""The same uploads against the sandbox, whose store really checks signatures, over TLS."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings, Token
from pipeline.sandbox.server import Sandbox
from pipeline.upload import upload
from tests.upload.helpers import LINE, prepared


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), tls=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def trusted(sandbox: Sandbox) -> Settings:
    token = Token(sandbox.new_token("tests"))
    return Settings(token=token, url=sandbox.url, ca_file=sandbox.ca_file, stall_timeout=1, answer_timeout=1)


@pytest.mark.parametrize(
    ("fault", "state", "ids"),
    [
        ({"on": "put", "do": "stored_reset"}, "sent", 1),
        ({"on": "put", "do": "corrupt"}, "sent", 1),
        ({"on": "put", "do": "garbage"}, "sent", 1),
        ({"on": "put", "do": "expired"}, "sent", 2),
        ({"on": "put", "do": "kms_etag"}, "sent", 1),
        ({"on": "ask", "do": "expired_url"}, "sent", 2),
        ({"on": "ask", "do": "bad_signature"}, "refused", 1),
        ({"on": "ask", "do": "mangled_url"}, "refused", 1),
        ({"on": "ask", "do": "reset_after"}, "sent", 2),
    ],
)
def test_a_store_that_checks_signatures_agrees(
    sandbox: Sandbox, trusted: Settings, out: Path, fault: dict[str, str], state: str, ids: int
) -> None:
    before = len(sandbox.events())
    sandbox.inject(fault)
    batch = prepared(out, data=LINE * 50_000)

    (receipt,) = upload([batch], out, trusted, sleep=lambda seconds: time.sleep(min(seconds, 0.15)))

    events = sandbox.events()[before:]
    stored = [event for event in events if event["kind"] == "stored"]
    assert receipt.state == state
    assert len([event for event in events if event["kind"] == "granted"]) == ids
    assert len({event["upload"] for event in stored}) == (1 if state == "sent" else 0)
    assert not stored or stored[-1]["md5"] == batch.manifest.md5
