"""Documents through a mapping: what their paths give, what is refused, and what comes back of what was rejected."""

import json
import random
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.chunks import regroup_documents
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from msgspec.structs import replace

from tests.prepare.helpers import KEEP_ALL, MARK, Prepared, of_bytes, prepared

ROOT = Path(__file__).resolve().parents[2]
HEAD = 'title = "An API"\ncolumns_vary = true\n[documents]\n'
PURCHASES = """
[[records]]
specification = "commerce_purchases"
[records.fields]
purchase_id = "id"
"link.email" = "who.email"
action_at = "at"
type = { constant = "ecommerce" }
"products[].product_reference.id" = "lines[].sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "lines[].qty"
"products[].price_paid" = { column = "lines[].price", convert = [{ money = "." }] }
"""
RETURNS = """
[[records]]
specification = "commerce_returns"
each = "refunds"
[records.fields]
return_id = "refunds[].id"
"link.email" = "who.email"
action_at = "refunds[].at"
type = { constant = "ecommerce" }
"products[].product_reference.id" = "refunds[].lines[].sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = { column = "refunds[].lines[].qty", convert = ["negate"] }
"products[].price_paid" = { column = "refunds[].lines[].price", convert = [{ money = "." }, "negate"] }
"""
CUSTOMERS = """
[[records]]
specification = "profile_customer"
key = "who.email"
differ = "first"
[records.fields]
"link.email" = "who.email"
email = "who.email"
first_name = "who.first"
city = "who.city"
"""


def order(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": 7210448301122 + number, "who": {"email": f"p{number}@example.com", "first": "Mira"}, "at": "2024-03-05T10:00:00Z",
        "lines": [{"sku": "0012", "qty": 2, "price": "10.50"}, {"sku": 13, "qty": "1", "price": 3}], "refunds": [],
    } | more  # fmt: skip


def refund(number: int, **more: Any) -> dict[str, Any]:
    line = {"sku": "0012", "qty": 1, "price": "10.50"}
    return {"id": f"R-{number}", "at": "2024-03-06T10:00:00Z", "lines": [line]} | more


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in documents)


def made(
    tmp_path: Path, data: bytes, mapping: str, head: str = HEAD, options: Options = KEEP_ALL
) -> Prepared:
    path = tmp_path / "api.toml"
    path.write_text(head + mapping)
    return of_bytes(data, None, tmp_path / "out", replace(options, mapping=str(path)))


def test_a_document_is_a_record_and_the_items_of_its_list_are_its_lines(tmp_path: Path) -> None:
    done = made(tmp_path, lines(order()), PURCHASES)

    assert done.records == [
        {
            "purchase_id": "7210448301123", "link": {"email": "p1@example.com"}, "action_at": "2024-03-05T10:00:00Z",
            "type": "ecommerce",
            "products": [
                {"product_reference": {"id": "0012", "id_type": "sku"}, "quantity": 2, "price_paid": 10.5},
                {"product_reference": {"id": "13", "id_type": "sku"}, "quantity": 1, "price_paid": 3},
            ],
        }
    ]  # fmt: skip
    assert b'"price_paid":10.50' in done.lines[0]
    found = done.manifest
    assert (found.rows, found.records, found.continuations) == (2, 1, 1)


def test_documents_are_counted_as_the_table_that_says_the_same(tmp_path: Path) -> None:
    table = b"id,email,at,sku,qty,price\n" + b"".join(
        b"%d,p@example.com,2024-03-05T10:00:00Z,A%d,1,2.00\n" % (number, line)
        for number in range(3)
        for line in range(number + 1)
    )
    documents = [
        order(number, id=number, who={"email": "p@example.com"},
              lines=[{"sku": f"A{line}", "qty": 1, "price": "2.00"} for line in range(number + 1)])
        for number in range(3)
    ]  # fmt: skip
    flat = PURCHASES.replace("who.", "").replace("lines[].", "")
    (tmp_path / "table").mkdir()

    told = made(tmp_path / "table", table, flat, HEAD.replace("[documents]\n", ""))
    done = made(tmp_path, lines(*documents), PURCHASES)
    assert done.lines == told.lines
    for name in ("rows", "records", "continuations", "rejected", "blank"):
        assert getattr(done.manifest, name) == getattr(told.manifest, name)


@pytest.mark.parametrize("nothing", [None, "", [], {}, ...])
def test_what_says_nothing_is_absent(tmp_path: Path, nothing: Any) -> None:
    one = order(note=nothing)
    if nothing is ...:
        del one["note"]
    done = made(tmp_path, lines(one, order(2, note="hello")), PURCHASES + '"custom_fields.note" = "note"\n')

    assert [record.get("custom_fields") for record in done.records] == [None, {"note": "hello"}]


@pytest.mark.parametrize("found", [{"a": 1}, ["a"], [{"a": MARK}]])
def test_a_list_or_an_object_where_one_value_belongs_is_an_issue(tmp_path: Path, found: Any) -> None:
    done = made(tmp_path, lines(order(), order(2, id=found)), PURCHASES)

    assert [(one["code"], one["column"], one["line"]) for one in done.issues if one["code"] == "type"] == [
        ("type", "id", 2)
    ]
    assert len(done.records) == 1


def test_an_object_behind_the_first_that_is_filled_is_not_read(tmp_path: Path) -> None:
    rule = '"custom_fields.by" = { first = ["by.id", "by"] }\n'
    cells = [{"id": "u1", "name": "Mira"}, "u2", {"name": MARK}]
    done = made(tmp_path, lines(*(order(at, by=cell) for at, cell in enumerate(cells, 1))), PURCHASES + rule)

    assert [record["custom_fields"]["by"] for record in done.records] == ["u1", "u2"]
    assert [(one["code"], one["line"]) for one in done.issues] == [("type", 3)]


@pytest.mark.parametrize(
    ("convert", "wanted"),
    [
        ('[{ join = "|" }]', "a|b"),
        ('["first"]', "a"),
        ('["count"]', "2"),
        ('[{ pick = { where = "k", is = "y", take = "name" } }]', "b"),
    ],
)
def test_another_list_is_made_one_value_by_a_conversion(tmp_path: Path, convert: str, wanted: str) -> None:
    path = "tags" if "pick" in convert else "tags[].name"
    tags = [{"k": "x", "name": "a"}, {"k": "y", "name": "b"}]
    done = made(
        tmp_path,
        lines(order(tags=tags)),
        PURCHASES + f'"custom_fields.tags" = {{ column = "{path}", convert = {convert} }}\n',
    )

    assert done.records[0]["custom_fields"] == {"tags": wanted}


FIRST = PURCHASES.replace('"who.email"', '{ first = [%s], convert = ["first", "email"] }', 1)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ('"ways[].post.email", "ways[].shop.email"', ["b@example.com", "a@example.com"]),
        ('"ways[].shop.email", "ways[].post.email"', ["a@example.com", "a@example.com"]),
        ('"mail", "ways[].post.email"', ["b@example.com", "m@example.com"]),
        ('"ways[].post.email", "mail"', ["b@example.com"]),
    ],
)
def test_the_first_is_taken_of_several_paths_through_one_list_and_of_single_values(
    names: str, wanted: list[str], tmp_path: Path
) -> None:
    """A list that is there is the first that is filled, so that what stands behind it is read where there is none."""
    ways = [{"shop": {"email": "a@example.com"}}, {"post": {"email": "B@example.com"}}]
    data = lines(order(1, ways=ways), order(2, ways=ways[:1], mail="m@example.com"))

    done = made(tmp_path, data, FIRST % names)

    assert [one["link"]["email"] for one in done.records] == wanted


def test_paths_through_several_lists_are_not_one_field(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"link.email reads several lists in different ways"):
        made(tmp_path, lines(order()), FIRST % '"ways[].email", "tills[].mail"')


def test_a_list_and_its_items_are_told_apart_however_a_program_writes_their_name(tmp_path: Path) -> None:
    data = lines(order(orderLines=[{"sku": "0012", "qty": 2, "price": "10.50"}], lines=[]))
    mapping = (
        PURCHASES.replace("lines[]", "order_lines[]")
        + '"custom_fields.n" = { column = "order_lines", convert = ["count"] }\n'
    )

    done = made(tmp_path, data, mapping)

    assert [(one["products"][0]["quantity"], one["custom_fields"]["n"]) for one in done.records] == [(2, "1")]


def test_a_list_where_one_value_belongs_stops_the_run_if_the_mapping_says_no_more(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"tags\[\].name is a list, and custom_fields.tags is one value"):
        made(
            tmp_path, lines(order(tags=[{"name": "a"}])), PURCHASES + '"custom_fields.tags" = "tags[].name"\n'
        )


def test_two_lists_cannot_repeat_in_one_record(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"would both repeat in one record"):
        made(
            tmp_path, lines(order(gifts=[{"id": 1}])), PURCHASES + '"custom_fields.gifts[]" = "gifts[].id"\n'
        )


def test_each_item_of_a_list_is_a_record_with_what_stands_around_it(tmp_path: Path) -> None:
    two = order(refunds=[refund(1), None, refund(2, lines=[refund(1)["lines"][0]] * 2)])
    done = made(tmp_path, lines(order(2), two, order(3, refunds=None)), RETURNS)

    assert [(one["return_id"], one["link"]["email"], len(one["products"])) for one in done.records] == [
        ("R-1", "p1@example.com", 1),
        ("R-2", "p1@example.com", 2),
    ]
    assert (done.manifest.rows, done.manifest.continuations) == (3, 1)


def test_of_a_document_with_several_records_only_those_that_were_rejected_come_back(tmp_path: Path) -> None:
    one = order(refunds=[refund(1), refund(2, at="never"), refund(3)])
    done = made(tmp_path, lines(one), RETURNS)

    (rejected,) = [json.loads(line) for line in done.file("rejects.ndjson").splitlines()]
    assert rejected == one | {"refunds": [one["refunds"][1]]}

    (batch,) = done.report.batches
    rejects = batch.path / "rejects.ndjson"
    rejects.write_bytes(rejects.read_bytes().replace(b"never", b"2024-03-09T10:00:00Z"))
    fixed = prepared([], None, tmp_path / "out", replace(KEEP_ALL, fix=batch.path))
    assert [one["return_id"] for one in fixed.records] == ["R-2"]


@given(order=st.randoms(use_true_random=False), people=st.lists(st.integers(0, 5), min_size=1, max_size=30))
@settings(max_examples=25)
def test_documents_of_one_key_are_one_record_wherever_they_stand(
    tmp_path_factory: pytest.TempPathFactory, order: random.Random, people: list[int]
) -> None:
    documents = [
        {"id": place, "who": {"email": f"P{one}@example.com" if one else None, "first": f"F{place}", "city": [None, "Hobart"][place % 2]}}
        for place, one in enumerate(people)
    ]  # fmt: skip
    order.shuffle(documents)
    wanted: dict[str, dict[str, Any]] = {}
    for one in documents:
        who: Mapping[str, Any] = one["who"]  # type: ignore[assignment]
        if who["email"] is not None:
            record = wanted.setdefault(who["email"].lower(), {"first_name": who["first"]})
            if who["city"]:
                record.setdefault("city", who["city"])

    done = made(tmp_path_factory.mktemp("keyed"), lines(*documents), CUSTOMERS)
    found = {
        one["email"]: {key: one[key] for key in ("first_name", "city") if key in one} for one in done.records
    }
    assert found == wanted
    assert len(done.codes) >= sum(not one for one in people)


def test_documents_that_do_not_fit_in_memory_are_parted_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [order(number % 40, note="x" * 300) for number in range(400)]
    whole = made(tmp_path, lines(*documents), CUSTOMERS)
    monkeypatch.setattr(regroup_documents, "RECORD_BYTES", 10_000)
    (tmp_path / "small").mkdir()
    parted = made(tmp_path / "small", lines(*documents), CUSTOMERS)

    assert sorted(parted.lines) == sorted(whole.lines)
    assert len(parted.records) == 40
    monkeypatch.setattr(regroup_documents, "RECORD_BYTES", 2_000)
    (tmp_path / "one").mkdir()
    with pytest.raises(SourceError, match="more than"):
        made(tmp_path / "one", lines(*documents), CUSTOMERS)


def test_a_document_that_cannot_be_read_is_rejected_by_itself(tmp_path: Path) -> None:
    broken = b'{"id": 1, "lines"\n[1]\n{"id":1,"id":2}\n{"id":1,"lines":{"sku":1}}\n"x"\n'
    done = made(tmp_path, lines(order()) + broken + lines(order(2)), PURCHASES)

    assert len(done.records) == 2
    assert [(one["line"], one["code"]) for one in done.issues] == [
        (2, "json"),
        (3, "type"),
        (4, "duplicate_key"),
        (5, "type"),
        (6, "type"),
    ]
    assert done.file("rejects.ndjson") == broken


def test_nothing_under_a_secret_path_comes_back(tmp_path: Path) -> None:
    one = order(at="never", card={"number": MARK}, pay=[{"number": MARK, "kind": "visa"}])
    done = made(
        tmp_path, lines(one), PURCHASES, HEAD.replace("[doc", 'secret = ["card", "pay[].number"]\n[doc')
    )

    (rejected,) = [json.loads(line) for line in done.file("rejects.ndjson").splitlines()]
    assert rejected == one | {"card": None, "pay": [{"number": None, "kind": "visa"}]}


def test_documents_and_items_are_left_out_and_counted(tmp_path: Path) -> None:
    skips = """
[[records.skip]]
column = "status"
is = ["void"]
reason = "void"
[[records.skip]]
column = "lines[].qty"
is = ["0"]
reason = "taken off"
[records.fields]"""
    first = order(lines=[{"sku": "A", "qty": 0, "price": 1}, {"sku": "B", "qty": 1, "price": 1}])
    done = made(
        tmp_path,
        lines(first, order(2, status="Void"), order(3, status=None)),
        PURCHASES.replace("\n[records.fields]", skips),
    )

    assert [[line["product_reference"]["id"] for line in one["products"]] for one in done.records] == [
        ["B"],
        ["0012", "13"],
    ]
    assert done.records[0]["link"] == {"email": "p1@example.com"}
    assert done.manifest.skipped == {"taken off": 1, "void": 2}


def test_a_path_that_no_document_has_stops_the_run_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no column who.emial") as stopped:
        made(
            tmp_path,
            lines(order()),
            PURCHASES.replace("who.email", "who.emial"),
            'drop = ["refunds", "who.first"]\n',
        )
    assert stopped.value.hint == "Did you mean who.email?"


def test_a_key_that_the_mapping_does_not_name_stops_the_run_unless_it_lies_below_one_that_is_dropped(
    tmp_path: Path,
) -> None:
    one = order(ship={"name": {"first": "Mira"}}, extra=1)
    with pytest.raises(UsageError, match=r"says nothing of the columns extra$"):
        made(tmp_path, lines(one), PURCHASES, 'drop = ["refunds", "who", "ship"]\n')


def test_a_line_whose_parent_is_not_there_is_an_issue(tmp_path: Path) -> None:
    root = order()
    children = [
        {**line, "id": f"gid://shop/Line/{at}", "__parentId": root["id"]}
        for at, line in enumerate(root.pop("lines"))
    ]
    lost = {"id": "gid://shop/Line/9", "sku": "Z", "__parentId": "gone"}
    mapping = PURCHASES.replace("lines[]", "Line[]")
    done = made(
        tmp_path, lines(children[0], lost, root, children[1]), mapping,
        HEAD.replace("[documents]\n", '[documents]\nparent = "__parentId"\n'),
    )  # fmt: skip

    assert [line["product_reference"]["id"] for line in done.records[0]["products"]] == ["0012", "13"]
    assert [(one["line"], one["code"]) for one in done.issues] == [(2, "no_parent")]
    assert [json.loads(line) for line in done.file("rejects.ndjson").splitlines()] == [lost]


def test_the_example_of_the_docs_makes_a_purchase_and_a_return(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "mappings.md").read_text("utf-8").partition("\n## Documents\n")[2]
    data, mapping = (text.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("json", "toml"))
    done = made(tmp_path, data.encode(), mapping, "")

    bought, returned = done.records
    assert (bought["purchase_id"], bought["action_at"]) == ("450789469", "2024-03-05T06:10:00Z")
    assert [one["price_paid"] for one in bought["products"]] == [1019.8, 5.5]
    assert bought["custom_fields"]["tags"] == "vip, spring"
    assert (returned["return_id"], returned["products"][0]["price_paid"]) == ("R-1", -5.5)


@pytest.mark.parametrize("is_piped", [True, False])
def test_the_rest_is_kept_of_documents_that_come_late_too(tmp_path: Path, is_piped: bool) -> None:
    data = lines(
        *(order(number) for number in range(400)), order(400, late={"colour": "blue", "tags": ["a", "b"]})
    )
    head = HEAD.replace("[documents]", 'drop = ["who", "refunds"]\nrest = "custom_fields"\n[documents]')
    if is_piped:
        done = made(tmp_path, data, PURCHASES, head)
    else:
        (tmp_path / "api.ndjson").write_bytes(data)
        (tmp_path / "api.toml").write_text(head + PURCHASES)
        options = replace(KEEP_ALL, mapping=str(tmp_path / "api.toml"))
        done = prepared([tmp_path / "api.ndjson"], None, tmp_path / "out", options)

    assert done.records[-1]["custom_fields"] == {"late_colour": "blue", "late_tags": "a, b"}
    assert len(done.records) == 401


def test_what_is_left_out_for_its_key_and_for_another_column_is_counted_together(tmp_path: Path) -> None:
    skip = '[[records.skip]]\ncolumn = "{}"\n{}\nreason = "nobody"\n'
    skips = skip.format("who.email", "empty = true") + skip.format("who.first", 'is = ["x"]')
    people = [{"email": "a@example.com"}, {"first": "A"}, {"email": "b@example.com", "first": "x"}]

    done = made(
        tmp_path,
        lines(*({"who": one} for one in people)),
        CUSTOMERS.replace("[records.fields]", skips + "[records.fields]"),
    )

    assert done.manifest.skipped == {"nobody": 2}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda items: {"LineItem": items},
        lambda items: {"lines": {"nodes": items}},
        lambda items: {"lines": {"edges": [{"node": one} for one in items]}},
    ],
)
def test_the_list_that_the_documents_have_is_read_though_a_field_of_it_comes_late(
    tmp_path: Path, wrapped: Any
) -> None:
    both = PURCHASES
    for key in ("sku", "qty"):
        ways = f'["LineItem[].{key}", "lines.nodes[].{key}", "lines.edges[].node.{key}"]'
        both = both.replace(f'"lines[].{key}"', f"{{ column = {ways} }}")
    ways = '["LineItem[].price", "lines.nodes[].price", "lines.edges[].node.price"]'
    both = both.replace('column = "lines[].price"', f"column = {ways}")
    without = [
        {"id": n, "who": {"email": "a@example.com"}, "at": "2024-03-05T10:00:00Z"}
        | wrapped([{"qty": 1, "price": 1}])
        for n in range(1, 301)
    ]
    late = without[0] | {"id": 301} | wrapped([{"sku": "0012", "qty": 2, "price": "10.50"}])

    done = made(tmp_path, lines(*without, late), both)

    assert done.manifest.records == 301
    assert done.records[-1]["products"] == [
        {"product_reference": {"id": "0012", "id_type": "sku"}, "quantity": 2, "price_paid": 10.5}
    ]


def test_a_key_that_only_a_later_document_has_is_no_mistake(tmp_path: Path) -> None:
    skip = '[[records.skip]]\ncolumn = "who.email"\nempty = true\nreason = "nobody"\n'
    body = CUSTOMERS.replace("[records.fields]", skip + "[records.fields]")
    nobody = [{"at": n} for n in range(300)]

    done = made(tmp_path, lines(*nobody, {"who": {"email": "a@example.com"}}), body)

    assert [one["email"] for one in done.records] == ["a@example.com"]


def test_rows_that_are_all_left_out_for_their_key_are_counted(tmp_path: Path) -> None:
    skip = '[[records.skip]]\ncolumn = "who.email"\nempty = true\nreason = "nobody"\n'
    body = CUSTOMERS.replace("[records.fields]", skip + "[records.fields]")
    path = tmp_path / "api.toml"
    path.write_text(HEAD + body)

    options = replace(KEEP_ALL, mapping=str(path), stdin=BytesIO(lines({"at": 1}, {"at": 2})))

    report = prepare(["-"], None, str(tmp_path / "out"), options)

    assert [one.skipped for one in report.sources] == [{"nobody": 2}]


def test_a_document_that_cannot_be_read_is_rejected_once_however_many_records_are_made(
    tmp_path: Path,
) -> None:
    skip = '\n[[records.skip]]\ncolumn = "shop"\n{} = ["web"]\ntaken = true\n[records.fields]'
    web, till = (PURCHASES.replace("\n[records.fields]", skip.format(how)) for how in ("is_not", "is"))
    done = made(tmp_path, lines(order(shop="web")) + b"{\n" + lines(order(2, shop="till")), web + till)

    assert len(done.records) == 2
    assert done.codes == ["json"]
    assert done.file("rejects.ndjson") == b"{\n"


def test_documents_of_which_the_mapping_reads_nothing_are_rejected_and_no_defect(tmp_path: Path) -> None:
    done = made(tmp_path, lines({"other": 1}, {"other": 2}), PURCHASES + CUSTOMERS)

    assert done.records == []
    assert {one["line"] for one in done.issues} == {1, 2}
