"""The dataset load and what Datasets shows."""

from pathlib import Path

import pytest
from lexer_pipeline.sandbox.server import Sandbox
from sandbox_wire import GOOD, PRODUCTS, ask, put

from tests.waiting import PATIENCE

LINES = (
    b'{"product_id":"kettle-1"}\n'
    b'{"product_id":7}\n'
    b"\n"
    b'{"product_id":"kettle-2",}\n'
    b'{"product_id":"kettle-3","images":["http://example.com/k.png",5]}\n'
    b'["product_id"]\n'
    b'{"product_id":"kettle-4"}'
)


def send(sandbox: Sandbox, token: str, name: str, body: bytes, **destination: str) -> None:
    wanted: dict[str, object] = {"filename": name}
    if destination:
        wanted["destination"] = {"destination_type": "dataset_load", **destination}
    assert put(ask(sandbox, token, wanted).json["url"], body).status == 200
    assert sandbox.wait_loaded(PATIENCE)


def test_every_line_is_accepted_or_rejected_with_rule_and_path(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, PRODUCTS, LINES)
    (dataset,) = sandbox.datasets()

    assert (dataset["name"], dataset["record_type"], dataset["state"]) == (
        "commerce_products",
        "product",
        "loaded",
    )
    assert (dataset["accepted"], dataset["rejected"]) == (2, 5)
    assert [(one["line"], one["rule"], one["path"]) for one in dataset["rejects"]] == [
        (2, "type", "product_id"),
        (3, "blank line", ""),
        (4, "not JSON", ""),
        (5, "type", "images[1]"),
        (6, "type", ""),
    ]
    assert dataset["rules"] == {"type": 3, "blank line": 1, "not JSON": 1}
    assert dataset["preview"] == [{"product_id": "kettle-1"}, {"product_id": "kettle-4"}]


def test_a_byte_order_mark_rejects_the_first_line(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, PRODUCTS, b"\xef\xbb\xbf" + GOOD * 2)

    assert [sandbox.datasets()[0][count] for count in ("accepted", "rejected")] == [1, 1]


def test_formats_are_asserted(sandbox: Sandbox, token: str) -> None:
    record = b'{"link":{"customer_id":"c1"},"date_of_birth":"%s"}\n'
    send(sandbox, token, "profile_customer-20240306-a.json", record % b"1989-02-28" + record % b"1989-02-30")

    assert [sandbox.datasets()[0][count] for count in ("accepted", "rejected")] == [1, 1]
    assert sandbox.datasets()[0]["rejects"][0]["rule"] == "format"


def test_a_line_longer_than_any_record_is_one_rejected_line(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, PRODUCTS, b'{"name":"' + b"x" * (40 << 20) + b'"}\n' + GOOD)

    assert [sandbox.datasets()[0][count] for count in ("accepted", "rejected")] == [1, 1]
    assert sandbox.datasets()[0]["rejects"][0]["rule"] == "line too long"


def test_a_destination_names_dataset_and_record_type(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, "autumn_range-20240306-a.json", GOOD, dataset_id="a1b2c3d4", record_type="product")
    (dataset,) = sandbox.datasets()

    assert (dataset["name"], dataset["record_type"], dataset["accepted"]) == ("a1b2c3d4", "product", 1)


def test_parts_of_one_delivery_add_up(sandbox: Sandbox, token: str) -> None:
    for part in ("01", "02"):
        send(sandbox, token, f"commerce_products_part_{part}-20240306-a.json", GOOD)

    assert [(one["name"], one["accepted"]) for one in sandbox.datasets()] == [("commerce_products", 2)]


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("a", "a"), ("z", "za")])
def test_a_correction_takes_the_place_of_the_file_before(
    sandbox: Sandbox, token: str, first: str, second: str
) -> None:
    send(sandbox, token, f"commerce_products-20240306-{first}.json", LINES)
    send(sandbox, token, f"commerce_products-20240306-{second}.json", GOOD)
    (dataset,) = sandbox.datasets()

    assert (dataset["accepted"], dataset["rejected"]) == (1, 0)
    assert [load["replaced_by"] for load in dataset["loads"]] == [2, None]


@pytest.mark.parametrize("name", ["till_export-20240306-a.csv", "wishes-20240306-a.json"])
def test_what_has_no_specification_is_for_people(sandbox: Sandbox, token: str, name: str) -> None:
    send(sandbox, token, name, b"id,name\n1,Mira Holt\n")
    (dataset,) = sandbox.datasets()

    assert (dataset["state"], dataset["accepted"], dataset["rejected"]) == ("manual", 0, 0)
    assert dataset["preview"] == []


def test_an_object_that_is_replaced_is_loaded_anew(sandbox: Sandbox, token: str) -> None:
    url = ask(sandbox, token).json["url"]
    for body in (GOOD, GOOD * 3):
        put(url, body)
    assert sandbox.wait_loaded(PATIENCE)

    assert sandbox.datasets()[0]["accepted"] == 3


def test_everything_but_faults_survives_a_restart(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox") as sandbox:
        token = sandbox.new_token("tests")
        send(sandbox, token, PRODUCTS, LINES)
        url = ask(sandbox, token).json["url"]
        port = int(url.split("/")[2].split(":")[1])
        before = (sandbox.events(), sandbox.uploads(), sandbox.datasets())
    with Sandbox(tmp_path / "sandbox", port) as sandbox:
        assert (sandbox.events(), sandbox.uploads(), sandbox.datasets()) == before
        assert put(url).status == 200
        assert ask(sandbox, token).json["id"] == 3


def test_a_load_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox") as sandbox:
        url = ask(sandbox, sandbox.new_token("tests")).json["url"]
        put(url, GOOD * 200_000)
    with Sandbox(tmp_path / "sandbox") as sandbox:
        assert sandbox.wait_loaded(PATIENCE)
        assert [(one["accepted"], one["state"]) for one in sandbox.datasets()] == [(200_000, "loaded")]
