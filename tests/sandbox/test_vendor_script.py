"""A script that sends as the vendor's own does: one POST with a destination, one PUT of the whole body.

Nothing of the vendor's is copied; what its script does is known from reading it.
"""

import json
import time
from pathlib import Path

import pytest
import requests
from lexer_pipeline.sandbox.server import Sandbox

from tests.waiting import PATIENCE

LINES = b'{"product_id":"kettle-1","name":"Kettle"}\n{"product_id":"lamp-2","name":"Lamp"}\n'


def send_as_the_vendor_does(
    api: str, token: str | None, file: Path, dataset: str, record_type: str, name: str | None = None
) -> str:
    """The name under which the file was sent; RuntimeError when the API or the store says no."""
    name = name or f"{dataset}_{record_type}_{int(time.time())}.ndjson"
    destination = {"destination_type": "dataset_load", "dataset_id": dataset, "record_type": record_type}
    asked = requests.post(
        api,
        headers={"Auth-Api-Token": token, "Content-Type": "application/json"},  # a header of None is left out
        data=json.dumps({"filename": name, "destination": destination}),
    )
    if asked.status_code != 201:
        raise RuntimeError(asked.status_code, asked.text)
    stored = requests.put(asked.json()["url"], data=file.read_bytes())
    if stored.status_code != 200:
        raise RuntimeError(stored.status_code, stored.text)
    return name


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    path = tmp_path / "products.ndjson"
    path.write_bytes(LINES)
    return path


def test_what_the_vendors_script_sends_is_taken_with_a_note_and_loaded(
    sandbox: Sandbox, token: str, file: Path
) -> None:
    name = send_as_the_vendor_does(sandbox.url, token, file, "a1b2c3d4", "product")
    assert sandbox.wait_loaded(PATIENCE)
    (upload,), (dataset,) = sandbox.uploads(), sandbox.datasets()

    assert (upload["filename"], upload["size"]) == (name, len(LINES))
    assert (upload["dataset"], upload["record_type"], upload["records"]) == ("a1b2c3d4", "product", 2)
    assert upload["notes"] == [
        "named as Lexer's own script does; its page asks for {specification_name}-{date}-{version}.json"
    ]
    assert (dataset["name"], dataset["accepted"], dataset["state"]) == ("a1b2c3d4", 2, "loaded")


def test_under_a_name_of_the_rules_it_is_taken_without_a_note(
    sandbox: Sandbox, token: str, file: Path
) -> None:
    name = "commerce_products-20261126-a.json"
    send_as_the_vendor_does(sandbox.url, token, file, "a1b2c3d4", "product", name)

    assert sandbox.uploads()[0]["notes"] == []


def test_strict_names_refuse_the_name_that_it_makes(sandbox: Sandbox, token: str, file: Path) -> None:
    sandbox.set(strict_names=True)
    with pytest.raises(RuntimeError) as refused:
        send_as_the_vendor_does(sandbox.url, token, file, "a1b2c3d4", "product")

    status, text = refused.value.args
    assert (status, list(json.loads(text))) == (400, ["message"])
    assert "breaks the rules" in json.loads(text)["message"]
    assert sandbox.uploads() == []


@pytest.mark.parametrize("wrong", [None, "guessed"])
def test_without_a_good_token_it_hears_401(sandbox: Sandbox, file: Path, wrong: str | None) -> None:
    with pytest.raises(RuntimeError) as refused:
        send_as_the_vendor_does(sandbox.url, wrong, file, "a1b2c3d4", "product")

    assert refused.value.args[0] == 401


def test_its_record_type_is_not_that_of_the_file_name(sandbox: Sandbox, token: str, file: Path) -> None:
    send_as_the_vendor_does(
        sandbox.url, token, file, "a1b2c3d4", "purchase", "commerce_products-20261126-a.json"
    )

    assert sandbox.uploads()[0]["notes"] == ["the name says product, the destination says purchase"]
