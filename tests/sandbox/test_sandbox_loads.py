"""The dataset load and what Datasets shows."""

from pathlib import Path

import pytest
from lexer_pipeline.codes.issues import ISSUES
from lexer_pipeline.sandbox.server import Sandbox
from lexer_pipeline.validating.messages import NOT_JSON
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


TO = {"dataset_id": "a1b2c3d4", "record_type": "product"}


def send(sandbox: Sandbox, token: str, name: str, body: bytes, **destination: str) -> None:
    wanted: dict[str, object] = {"filename": name}
    if destination:
        wanted["destination"] = {"destination_type": "dataset_load", **destination}
    assert put(ask(sandbox, token, wanted).json["url"], body).status == 200
    assert sandbox.wait_loaded(PATIENCE)


def test_every_line_is_accepted_or_rejected_in_the_products_sentences(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, PRODUCTS, LINES, **TO)
    (dataset,) = sandbox.datasets()

    assert (dataset["name"], dataset["record_type"], dataset["state"]) == ("a1b2c3d4", "product", "loaded")
    assert (dataset["accepted"], dataset["rejected"]) == (2, 5)
    assert [(one["line"], one["code"], one["path"], one["message"]) for one in dataset["rejects"]] == [
        (2, "type", "product_id", "is not of the type asked for; write text"),
        (3, "blank_line", "", "is blank; a file holds one record a line and no empty lines"),
        (
            4,
            "json",
            "",
            f"{NOT_JSON}: a comma stands before a closing bracket; take it out (near character 25 of the record)",
        ),
        (5, "type", "images[1]", "is not of the type asked for; write text"),
        (6, "type", "", "is not of the type asked for; write an object, {...}"),
    ]
    assert dataset["codes"] == {"type": 3, "blank_line": 1, "json": 1}
    assert dataset["preview"] == [{"product_id": "kettle-1"}, {"product_id": "kettle-4"}]


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        (b'{"link":{"customer_id":"c1"},"date_of_birth":"1989-02-30"}', "format", "date_of_birth"),
        (b'{"link":{"customer_id":"c1"},"email":"no mail"}', "pattern", "email"),
        (b'{"link":{"customer":"c1"}}', "link", "link"),
        (b'{"email":"mira@example.com"}', "missing", "link"),
        (b'{"link":{"customer_id":"\xff"}}', "encoding", ""),
        (b'\xef\xbb\xbf{"link":{"customer_id":"c1"}}', "encoding", ""),
        (b"[" * 5000, "json", ""),
    ],
)
def test_a_rejected_line_names_the_field_and_a_code_of_the_product(
    sandbox: Sandbox, token: str, line: bytes, code: str, path: str
) -> None:
    good = b'{"link":{"customer_id":"c1"},"date_of_birth":"1989-02-28"}\n'
    send(sandbox, token, "profile_customer-20240306-a.json", line + b"\n" + good)
    (dataset,) = sandbox.datasets()

    assert (dataset["accepted"], dataset["rejected"]) == (1, 1)
    assert [(one["line"], one["code"], one["path"]) for one in dataset["rejects"]] == [(1, code, path)]
    assert code in ISSUES


def test_a_rejected_line_tells_all_that_is_wrong_with_it(sandbox: Sandbox, token: str) -> None:
    send(
        sandbox, token, "profile_customer-20240306-a.json", b'{"link":{"mobile":7},"email":"x","gender":5}\n'
    )

    rejects = sandbox.datasets()[0]["rejects"]
    assert [one["line"] for one in rejects] == [1, 1, 1]
    assert {one["path"] for one in rejects} == {"link.mobile", "email", "gender"}


def test_a_line_longer_than_any_record_is_one_rejected_line(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, PRODUCTS, b'{"name":"' + b"x" * (40 << 20) + b'"}\n' + GOOD)

    assert [sandbox.datasets()[0][count] for count in ("accepted", "rejected")] == [1, 1]
    assert sandbox.datasets()[0]["rejects"][0]["code"] == "line_too_long"


def test_a_destination_names_dataset_and_record_type(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, "autumn_range-20240306-a.json", GOOD, dataset_id="a1b2c3d4", record_type="product")
    (dataset,) = sandbox.datasets()

    assert (dataset["name"], dataset["record_type"], dataset["accepted"]) == ("a1b2c3d4", "product", 1)


def test_parts_of_one_delivery_add_up(sandbox: Sandbox, token: str) -> None:
    for part in ("01", "02"):
        send(sandbox, token, f"commerce_products_part_{part}-20240306-a.json", GOOD)

    assert [(one["name"], one["accepted"]) for one in sandbox.datasets()] == [("commerce_products", 2)]


@pytest.mark.parametrize(
    "name",
    [
        "commerce_products-20240306-a.json",
        "commerce_products_02-20240306-a.json",
        "commerce_products_sydney_02_part_01-20240306-b.json",
        "9wyqa53dnx_product_1709683200.ndjson",
    ],
)
def test_without_a_dataset_a_file_waits_for_a_person_and_is_checked_as_its_name_says(
    sandbox: Sandbox, token: str, name: str
) -> None:
    send(sandbox, token, name, LINES)
    (dataset,) = sandbox.datasets()

    assert (dataset["name"], dataset["dataset"]) == ("commerce_products", None)
    assert (dataset["state"], dataset["accepted"], dataset["rejected"]) == ("waits for a person", 2, 5)


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

    assert (dataset["state"], dataset["accepted"], dataset["rejected"]) == ("waits for a person", 0, 0)
    assert (dataset["dataset"], dataset["specification"]) == (None, None)
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
        wanted = {"filename": PRODUCTS, "destination": {"destination_type": "dataset_load", **TO}}
        put(ask(sandbox, sandbox.new_token("tests"), wanted).json["url"], GOOD * 200_000)
    with Sandbox(tmp_path / "sandbox") as sandbox:
        assert sandbox.wait_loaded(PATIENCE)
        assert [(one["accepted"], one["state"]) for one in sandbox.datasets()] == [(200_000, "loaded")]
        assert [(one["records"], one["state"]) for one in sandbox.uploads()] == [(200_000, "loaded")]
