"""What is told of uploads and refusals: where to, by whom, what became of it, instead of what."""

import sqlite3
from pathlib import Path

import pytest
from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.server import Sandbox
from lexer_pipeline.specs import catalog
from sandbox_wire import GOOD, PRODUCTS, Wire, admin, ask, call, put

from tests.waiting import PATIENCE, happens

LOAD = {"destination_type": "dataset_load", "dataset_id": "a1b2c3d4", "record_type": "product"}


def send(
    sandbox: Sandbox, token: str, name: str, body: bytes = GOOD, dataset: str | None = "a1b2c3d4"
) -> None:
    wanted: dict[str, object] = {"filename": name}
    if dataset:
        wanted["destination"] = {**LOAD, "dataset_id": dataset}
    assert put(ask(sandbox, token, wanted).json["url"], body).status == 200
    assert sandbox.wait_loaded(PATIENCE)


def test_an_upload_tells_destination_records_token_and_service(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, PRODUCTS, GOOD * 3 + b'{"product_id":7}\n')
    (upload,), (known,) = sandbox.uploads(), admin(sandbox, "GET", "tokens").json

    assert (upload["dataset"], upload["record_type"], upload["service"]) == (
        "a1b2c3d4",
        "product",
        sandbox.url,
    )
    assert [upload[one] for one in ("records", "accepted", "rejected")] == [4, 3, 1]
    assert (upload["token"], upload["fingerprint"]) == (known["name"], known["fingerprint"])
    assert len(known["fingerprint"]) == 6 and known["fingerprint"] not in token
    assert admin(sandbox, "GET", "uploads").json == sandbox.uploads()


@pytest.mark.parametrize(
    ("dataset", "name", "state"),
    [
        ("a1b2c3d4", PRODUCTS, "loaded"),
        (None, PRODUCTS, "waits for a person"),
        (None, "till_export-20240306-a.csv", "waits for a person"),
        ("a1b2c3d4", "till_export-20240306-a.csv", "waits for a person"),
        (None, "wishes-20240306-a.json", "waits for a person"),
    ],
)
def test_what_names_no_dataset_or_is_no_ndjson_waits_for_a_person(
    sandbox: Sandbox, token: str, dataset: str | None, name: str, state: str
) -> None:
    send(sandbox, token, name, dataset=dataset)

    assert sandbox.uploads()[0]["state"] == state


def test_what_is_not_stored_says_so(sandbox: Sandbox, token: str) -> None:
    url = ask(sandbox, token).json["url"]
    assert sandbox.uploads()[0]["state"] == "permission given"
    put(url + "0")
    assert sandbox.uploads()[0]["state"] == "not stored"
    put(url)
    assert sandbox.wait_loaded(PATIENCE)
    assert sandbox.uploads()[0]["state"] == "waits for a person"


def test_what_is_on_its_way_says_so(sandbox: Sandbox, token: str) -> None:
    with Wire(ask(sandbox, token).json["url"]) as wire:
        wire.head("PUT", {"Content-Length": str(len(GOOD)), "Expect": "100-continue"})
        assert wire.is_asked()
        assert sandbox.uploads()[0]["state"] == "arriving"
    assert happens(lambda: sandbox.uploads()[0]["state"] == "not stored")


def test_without_a_store_that_keeps_files_nothing_is_counted(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", store="sink") as sandbox:
        token = sandbox.new_token("tests")
        for wanted in (PRODUCTS, {"filename": PRODUCTS, "destination": LOAD}):
            put(ask(sandbox, token, wanted).json["url"])

        assert [one["state"] for one in sandbox.uploads()] == ["waits for a person", "stored"]
        assert [one["records"] for one in sandbox.uploads()] == [None, None]


SECOND_REPLACES_FIRST = [
    ("profile_customer-20261126-a.json", "profile_customer-20261126-b.json", True),
    ("profile_customer_02-20261126-a.json", "profile_customer_02-20261126-b.json", True),
    (
        "profile_customer_sydney_02_part_01-20261126-a.json",
        "profile_customer_sydney_02_part_01-20261126-b.json",
        True,
    ),
    ("stock_list-20261126-z.csv", "stock_list-20261126-za.csv", True),
    ("stock_list-20261126.csv", "stock_list-20261126-a.csv", True),
    ("stock_list-20261126-a.csv", "stock_list-20261126-a.csv", True),
    ("profile_customer-20261126-a.json", "profile_customer_02-20261126-a.json", False),
    ("profile_customer-20261126-a.json", "profile_customer_02-20261126-b.json", False),
    ("profile_customer_part_01-20261126-a.json", "profile_customer_part_02-20261126-b.json", False),
    ("profile_customer-20261126-a.json", "profile_customer-20261127-b.json", False),
    ("profile_customer-20261126-a.json", "profile_customer_sydney-20261126-b.json", False),
]


@pytest.mark.parametrize(("first", "second", "replaces"), SECOND_REPLACES_FIRST)
@pytest.mark.parametrize("turned", [False, True])
def test_of_one_name_the_file_with_the_highest_version_is_used(
    sandbox: Sandbox, token: str, first: str, second: str, replaces: bool, turned: bool
) -> None:
    for name in (second, first) if turned else (first, second):
        send(sandbox, token, name, dataset=None)
    used = [None, 1] if turned and first != second else [2, None]

    assert [one["replaced_by"] for one in sandbox.uploads()] == (used if replaces else [None, None])


def test_a_file_that_never_arrived_replaces_nothing(sandbox: Sandbox, token: str) -> None:
    send(sandbox, token, "commerce_products-20240306-a.json", dataset=None)
    put(ask(sandbox, token, "commerce_products-20240306-b.json").json["url"] + "0")

    assert [one["replaced_by"] for one in sandbox.uploads()] == [None, None]


def test_the_same_name_in_another_dataset_is_another_file(sandbox: Sandbox, token: str) -> None:
    for version, dataset in (("a", "a1b2c3d4"), ("b", "9wyqa53dnx")):
        send(sandbox, token, f"commerce_products-20240306-{version}.json", dataset=dataset)

    assert [one["replaced_by"] for one in sandbox.uploads()] == [None, None]


@pytest.mark.parametrize("specification", [one.name for one in catalog.every()])
@pytest.mark.parametrize("label", ["", "_02", "_sydney", "_sydney_02", "_part_01", "_send_02_part_11"])
def test_a_name_tells_its_specification_whatever_follows_it(specification: str, label: str) -> None:
    name = names.read(f"{specification}{label}-20261126-a.json")

    assert name is not None
    assert name.specification(one.name for one in catalog.every()) == specification


def test_a_name_that_no_specification_begins_tells_none() -> None:
    known = [one.name for one in catalog.every()]
    for subject in ("commerce", "commerce_productsy", "stock_list", "my_commerce_products"):
        name = names.read(f"{subject}-20261126-a.json")
        assert name is not None and name.specification(known) is None


def test_refusals_tell_who_asked_for_what_and_why_not(sandbox: Sandbox, token: str) -> None:
    ask(sandbox, None)
    ask(sandbox, token, {"filename": PRODUCTS, "destination": {**LOAD, "record_type": "x"}})
    call(sandbox, "GET", "/v1/users")
    put(ask(sandbox, token).json["url"] + "0")
    told = sandbox.refusals()

    assert [(one["on"], one["status"], one["code"], one["token"]) for one in told] == [
        ("put", 403, "SignatureDoesNotMatch", None),
        ("users", 401, "unauthorized", None),
        ("ask", 400, "destination_invalid", "tests"),
        ("ask", 401, "unauthorized", None),
    ]
    assert [(one["upload"], one["filename"]) for one in told] == [
        (1, PRODUCTS),
        (None, ""),
        (None, PRODUCTS),
        (None, PRODUCTS),
    ]
    assert (told[2]["dataset"], told[2]["record_type"]) == ("a1b2c3d4", "x")
    assert all(one["message"].endswith(".") for one in told)
    assert admin(sandbox, "GET", "refusals").json == told


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ({"on": "ask", "do": "redirect"}, 307, "The request was sent elsewhere."),
        ({"on": "ask", "do": "html", "status": 200}, 200, None),
        ({"on": "put", "do": "early", "status": 503}, 503, "Ordered."),
        ({"on": "put", "do": "late", "status": 500}, 500, "Ordered."),
    ],
)
def test_an_answer_on_order_is_told_as_a_refusal_where_it_is_one(
    sandbox: Sandbox, token: str, fault: dict[str, object], status: int, message: str | None
) -> None:
    url = ask(sandbox, token).json["url"]
    sandbox.inject(fault)
    if fault["on"] == "put":
        put(url)
    else:
        ask(sandbox, token)

    told = [(one["status"], one["message"]) for one in sandbox.refusals()]
    assert told == ([(status, message)] if message else [])


def test_a_folder_of_the_first_release_goes_on(tmp_path: Path) -> None:
    """Its columns, and a load as it was kept then."""
    folder = tmp_path / "sandbox"
    with Sandbox(folder) as sandbox:
        send(sandbox, sandbox.new_token("tests"), PRODUCTS, GOOD + b'{"product_id":7}\n')
        before = sandbox.uploads(), sandbox.datasets()
    file = sqlite3.connect(folder / "sandbox.sqlite3")
    file.executescript(
        "ALTER TABLE uploads DROP COLUMN service; ALTER TABLE uploads DROP COLUMN fingerprint; DROP TABLE loads;"
        "CREATE TABLE loads (upload INTEGER PRIMARY KEY, dataset TEXT NOT NULL, specification TEXT, record_type TEXT,"
        " state TEXT NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL, rules TEXT NOT NULL,"
        " rejects TEXT NOT NULL, preview TEXT NOT NULL);"
        "INSERT INTO loads VALUES (1, 'a1b2c3d4', 'commerce_products', 'product', 'loaded', 1, 1, '{\"type\": 1}',"
        ' \'[{"line": 2, "rule": "type", "path": "product_id"}]\', \'[]\');'
    )
    file.close()
    with Sandbox(folder) as sandbox:
        assert sandbox.wait_loaded(PATIENCE)
        gone = dict.fromkeys(("service", "fingerprint"))
        assert (sandbox.uploads(), sandbox.datasets()) == ([{**before[0][0], **gone}], before[1])
