"""What is there twice: lines of an order, keys, products and customers, and links that stand for several people."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.chunks import repeats
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.specs.catalog import find
from lexer_pipeline.validating import shared_links
from lexer_pipeline.validating.identities import Identities, Known
from lexer_pipeline.validating.shared_links import SharedLinks

from tests import plain
from tests.prepare.helpers import Prepared, in_plain_python, of_bytes, prepared

HEAD = (
    "purchase_id,link.email,action_at,type,custom_fields.total,products[].product_reference.id,"
    "products[].product_reference.id_type,products[].quantity,products[].price_paid\n"
)
MAPPING = """
title = "Till"
[[records]]
specification = "commerce_purchases"
key = "No"
[records.fields]
purchase_id = { column = "No", convert = ["id"] }
"link.email" = { column = "Mail", convert = ["email"] }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "physical" }
"products[].product_reference.id" = "Sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = { constant = "1" }
"products[].price_paid" = "Price"
"""
PEOPLE = """
title = "People"
[[records]]
specification = "profile_customer"
key = "Mail"
[records.fields]
"link.email" = "Mail"
city = "City"
"""


def row(order: str, sku: str, total: str = "", price: str = "5") -> str:
    return f"{order},{order.lower()}@example.com,2024-03-06T10:15:00Z,ecommerce,{total},{sku},sku,1,{price}\n"


def table(*lines: str) -> bytes:
    """Lines of orders, each as `A-1 P-1`, with the total and the price behind them where they matter."""
    return (HEAD + "".join(row(*line.split()) for line in lines)).encode()


def seen(report: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for source in report.sources:
        for one in source.suspicions:
            found[one.code] = found.get(one.code, 0) + one.count
    return found


def states(report: Report) -> list[str]:
    return [one.state for one in report.verdicts]


HONEST = [f"H-{n} P-{n}" for n in range(400)]
LINES = [
    # A group that comes back behind another order, of two lines and of one.
    (["A-1 P-1", "A-1 P-2", "A-2 P-3", "A-1 P-1", "A-1 P-2"], {"orders_repeated": 1}, "held"),
    (["A-1 P-1", "A-2 P-3", "A-1 P-1"], {"orders_repeated": 1}, "held"),
    # Side by side: all lines, each line, three times.
    (["A-1 P-1", "A-1 P-2", "A-1 P-1", "A-1 P-2", "A-2 P-3"], {"orders_repeated": 1}, "held"),
    (["A-1 P-1", "A-1 P-1", "A-1 P-2", "A-1 P-2"], {"orders_repeated": 1}, "held"),
    (["A-1 P-1", "A-1 P-2"] * 3, {"orders_repeated": 1}, "held"),
    # One below the other: the whole export was pasted twice.
    (["A-1 P-1", "A-2 P-2", "A-3 P-3"] * 2, {"orders_repeated": 3}, "held"),
    # A till rings one article twice; a few such orders are honest, and so is one line more of several.
    (["A-1 P-1", "A-1 P-1", "A-2 P-3"], {"line_repeated": 1}, "prepared"),
    (["A-1 P-1", "A-1 P-1", "A-1 P-2"], {}, "prepared"),
    (["A-1 P-1", "A-1 P-1", "A-1 P-1", "A-1 P-2", "A-1 P-2"], {}, "prepared"),
    ([*HONEST, *["A-1 P-1"] * 2, *["A-2 P-1"] * 2, *["A-3 P-1"] * 2], {"line_repeated": 3}, "prepared"),
    ([*HONEST[:3], *["A-1 P-1"] * 2, *["A-2 P-1"] * 2, *["A-3 P-1"] * 2], {"line_repeated": 3}, "prepared"),
    (["A-1 P-1", "A-1 P-1", "A-2 P-3", "A-2 P-3"], {"line_repeated": 2}, "prepared"),
    # A join that doubled the rows of nearly every order.
    (["A-1 P-1", "A-1 P-1", "A-2 P-3", "A-2 P-3", "A-3 P-3", "A-3 P-3"], {"orders_repeated": 3}, "held"),
    ([*HONEST[:2], *(one for one in HONEST[2:20] for _ in range(3))], {"orders_repeated": 18}, "held"),
    ([*HONEST[:3], *(one for one in HONEST[3:20] for _ in range(2))], {"line_repeated": 17}, "prepared"),
    # Orders that only share an article, and an order that comes back with another line.
    (["A-1 P-1", "A-2 P-1", "A-1 P-2"], {}, "prepared"),
    (["A-1 P-1 9 5", "A-2 P-1", "A-1 P-1 9 4"], {}, "prepared"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected", "state"), LINES)
@pytest.mark.parametrize("plain", [False, True])
def test_an_order_whose_lines_are_all_there_twice_is_noticed(
    tmp_path: Path, lines: Sequence[str], expected: dict[str, int], state: str, plain: bool
) -> None:
    if plain:
        with in_plain_python():
            done = of_bytes(table(*lines), "purchase", tmp_path / "out")
    else:
        done = of_bytes(table(*lines), "purchase", tmp_path / "out")
    assert (seen(done.report), states(done.report)) == (expected, [state])


@pytest.mark.parametrize(("lines", "expected", "state"), LINES)
def test_a_mapping_makes_no_difference_to_lines_that_are_there_twice(
    tmp_path: Path, lines: Sequence[str], expected: dict[str, int], state: str
) -> None:
    (tmp_path / "till.toml").write_text(MAPPING)
    cells = [line.split() for line in lines]
    rows = (f"{one[0]},{one[0]}@example.com,{one[1]},{one[3] if len(one) > 3 else 5}\n" for one in cells)
    (tmp_path / "a.csv").write_text("No,Mail,Sku,Price\n" + "".join(rows))
    options = Options(mapping=str(tmp_path / "till.toml"))
    done = prepared([tmp_path / "a.csv"], None, tmp_path / "out", options)
    assert (seen(done.report), states(done.report)) == (expected, [state])


def purchase(order: str, price: int = 5, **more: object) -> str:
    product = {"product_reference": {"id": "P-1", "id_type": "sku"}, "quantity": 1, "price_paid": price}
    said = {
        "purchase_id": order,
        "link": {"email": "a@example.com"},
        "action_at": "2024-03-06T10:15:00Z",
        "type": "ecommerce",
    }
    return json.dumps({**said, "products": [product], **more}) + "\n"


def customer(email: str, first: str = "", last: str = "", customer_id: str = "") -> str:
    link = {"customer_id": customer_id} if customer_id else {"email": email}
    said = {"link": link, "email": email, "first_name": first or None, "last_name": last or None}
    return json.dumps(said) + "\n"


KEYS = [
    ("purchase", [purchase("A-1"), purchase("A-2"), purchase("A-1", 6)], {"key_repeated": 1}, "held"),
    ("purchase", [purchase('A"1'), purchase("A-2"), purchase('A"1', 6)], {"key_repeated": 1}, "held"),
    ("purchase", [purchase("A-1"), purchase("A-2")], {}, "prepared"),
    ("customer_record", [customer("a@example.com"), customer("A@example.com ")], {"record_repeated": 1}, "prepared"),
    ("customer_record", [customer("a@example.com"), customer("b@example.com")], {}, "prepared"),
    ("product", ['{"product_id":"1","sku":"S","product_reference_type":"sku"}\n', '{"product_id":"2","sku":"S","product_reference_type":"sku"}\n'],
     {"record_repeated": 1}, "prepared"),
    ("product", ['{"product_id":"1","sku":"S"}\n', '{"product_id":"2","sku":"S"}\n'], {}, "prepared"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "documents", "expected", "state"), KEYS)
@pytest.mark.parametrize("plain", [False, True])
def test_a_key_that_stands_twice_is_noticed(
    tmp_path: Path, spec: str, documents: Sequence[str], expected: dict[str, int], state: str, plain: bool
) -> None:
    data = "".join(documents).encode()
    if plain:
        with in_plain_python():
            done = of_bytes(data, spec, tmp_path / "out")
    else:
        done = of_bytes(data, spec, tmp_path / "out")
    assert (seen(done.report), states(done.report)) == (expected, [state])


def test_a_wide_table_has_each_key_once(tmp_path: Path) -> None:
    head = "purchase_id,link.email,action_at,type,products[0].price_paid,products[0].quantity\n"
    rows = "".join(
        f"{key},a@example.com,2024-03-06T10:15:00Z,ecommerce,1,1\n" for key in ("A", "B", "A", '"C"', "A")
    )
    (one,) = of_bytes((head + rows).encode(), "purchase", tmp_path / "out").report.sources
    (found,) = one.suspicions
    assert (found.code, found.count, found.lines) == ("key_repeated", 2, (4, 6))


@pytest.mark.parametrize("most_again", [5, 1000])
def test_keys_beyond_what_memory_holds_are_compared_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_again: int
) -> None:
    monkeypatch.setattr(repeats, "MOST_HELD", 10)
    monkeypatch.setattr(repeats, "MOST_AGAIN", most_again)
    documents = [customer(f"p{n % 90}@example.com") for n in range(100)]
    (one,) = of_bytes("".join(documents).encode(), "customer_record", tmp_path / "out").report.sources
    (found,) = one.suspicions
    assert (found.code, found.count, found.lines) == ("record_repeated", 10, (91, 92, 93, 94, 95))


SHOP = [customer(f"p{n}@example.com", f"Mira{n}", "Holt", customer_id=f"C{n}") for n in range(100)]
LINKS = [
    # Guests under one id, by name and by address alone.
    ([*SHOP, *(customer(f"g{n}@example.com", f"Teo{n}", "Brandt", customer_id="7777") for n in range(3))], True),
    ([*SHOP, *(customer(f"g{n}@example.com", customer_id="7777") for n in range(3))], True),
    ([*SHOP, *(customer("shop@example.com", f"Teo{n}", "Brandt") for n in range(4))], True),
    # One person with three addresses, a couple, one person three times, and a name in another case.
    ([*SHOP, *(customer(f"g{n}@example.com", "Teo", "Brandt", customer_id="7") for n in range(3))], False),
    ([*SHOP, *(customer(f"g{n}@example.com", ["Teo", "Ida"][n % 2], "Brandt", customer_id="7") for n in range(4))], False),
    ([*SHOP, *(customer("g@example.com", name, "Brandt", customer_id="7") for name in ("Teo", "TEO", " teo "))], False),
    # Many ids of three people each, no one of which is many; many couples are none.
    ([*SHOP * 40, *(customer(f"g{n}@example.com", f"Teo{n}", "Brandt", customer_id=f"S{n // 3}") for n in range(60))], True),
    ([*SHOP * 40, *(customer(f"g{n}@example.com", f"Teo{n}", "Brandt", customer_id=f"S{n // 2}") for n in range(60))], False),
    # A family among very many.
    ([*SHOP * 4, *(customer(f"g{n}@example.com", f"Teo{n}", "Brandt", customer_id="7") for n in range(3))], False),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "is_held"), LINKS)
@pytest.mark.parametrize("as_table", [False, True])
def test_one_link_for_several_people_holds_the_batch(
    tmp_path: Path, documents: Sequence[str], is_held: bool, as_table: bool
) -> None:
    data = "".join(documents)
    if as_table:
        people = [json.loads(one) for one in documents]
        links = dict.fromkeys(("email", "customer_id"), "")
        rows = (
            ",".join(
                [
                    *(links | one["link"]).values(),
                    one["email"],
                    one["first_name"] or "",
                    one["last_name"] or "",
                ]
            )
            for one in people
        )
        data = "link.email,link.customer_id,email,first_name,last_name\n" + "\n".join(rows)
    done = of_bytes(data.encode(), "customer_record", tmp_path / "out")
    assert states(done.report) == ["held" if is_held else "prepared"]
    if is_held:
        assert "shared_link" in seen(done.report)
    accepted = Options(accept=("shared_link",))
    assert states(of_bytes(data.encode(), "customer_record", tmp_path / "again", accepted).report) == [
        "prepared"
    ]


NAMED = {
    "purchases": MAPPING + '"custom_fields.customer_name" = "Buyer"\n',
    "customers folded by their address": PEOPLE.replace('key = "Mail"', 'key = "Mail"\ndiffer = "first"')
    + '"custom_fields.name" = "Buyer"\n',
}


@pytest.mark.parametrize("mapping", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize(
    ("buyers", "is_held"),
    [
        (["Mira Holt", "Teo Brandt", "Ida Lund"], True),
        (["Mira Holt", "Teo Brandt", "Mira Holt", "Teo Brandt"], False),
        (["Mira Holt", "mira holt", "", " MIRA HOLT", ""], False),
    ],
)
def test_one_address_for_several_buyers_is_seen_by_their_whole_names(
    tmp_path: Path, mapping: str, buyers: Sequence[str], is_held: bool
) -> None:
    people = [(f"p{n}@example.com", f"Ann{n} Park") for n in range(60)]
    people += [("till@example.com", buyer) for buyer in buyers]
    rows = [f"A-{n},{mail},P-1,5,{buyer},Perth" for n, (mail, buyer) in enumerate(people)]
    (tmp_path / "a.csv").write_text("No,Mail,Sku,Price,Buyer,City\n" + "\n".join(rows))
    used = "City" if "commerce" in mapping else "No,Sku,Price"
    drop = "drop = [" + ", ".join(f'"{one}"' for one in used.split(",")) + "]\n"
    (tmp_path / "shop.toml").write_text(mapping.replace("[[records]]", drop + "[[records]]"))
    done = prepared(
        [tmp_path / "a.csv"], None, tmp_path / "out", Options(mapping=str(tmp_path / "shop.toml"))
    )
    (state,) = states(done.report)
    assert state == ("held" if is_held else "prepared")
    assert ("shared_link" in seen(done.report)) is is_held


@pytest.mark.parametrize(("most", "period"), [(2, 1), (4, 30), (10, 1 << 19)])
def test_shared_links_are_counted_together_whatever_memory_holds(
    monkeypatch: pytest.MonkeyPatch, most: int, period: int
) -> None:
    monkeypatch.setattr(shared_links, "PERIOD", period)
    monkeypatch.setattr(shared_links, "MOST_KEPT", most)
    seen = SharedLinks(Identities(find("profile_customer"), None))
    for begin in range(0, 100, 20):
        numbers = np.arange(begin, begin + 20, dtype=np.uint64)
        links = np.where(numbers % 2 == 0, numbers % 4 + 1 + begin * 100, numbers + 10**6).astype(np.uint64)
        fields = {"link.customer_id": links, "first_name": numbers + np.uint64(1)}
        seen.look(Known(fields, (numbers + 2).astype(np.int64)))
    (found,) = seen.found()
    assert (found.where, found.count, found.lines) == ("link.customer_id", 50, (2, 4, 6, 8, 10))


def two(
    tmp_path: Path, first: bytes, second: bytes, spec: str | None = "purchase", **asked: object
) -> Prepared:
    (tmp_path / "a.csv").write_bytes(first)
    (tmp_path / "b.csv").write_bytes(second)
    options = Options(max_invalid=1.0, **asked)  # type: ignore[arg-type]
    done = prepared([tmp_path / "a.csv", tmp_path / "b.csv"], spec, tmp_path / "out", options)
    checked = validate([tmp_path / "a.csv", tmp_path / "b.csv"], spec, options)
    assert [(one.valid, one.invalid, one.continuations, one.suspicions) for one in checked.sources] == [
        (one.valid, one.invalid, one.continuations, one.suspicions) for one in done.report.sources
    ]
    return done


HALVES = [
    # Split between two files; all of it in both; what stands once is told by one of them alone.
    (["A-1 P-1", "A-2 P-2"], ["A-2 P-3", "A-3 P-4"], [["P-1"], ["P-2", "P-3"], ["P-4"]]),
    (["A-1 P-1", "A-2 P-2", "A-2 P-3"], ["A-2 P-2", "A-2 P-3"], [["P-1"], ["P-2", "P-3"]]),
    (["A-1 P-1", "A-1 P-2"], ["A-1 P-2", "A-1 P-1"], [["P-1", "P-2"]]),
    (["A-1 P-1 9"], ["A-1 P-2"], [["P-1", "P-2"]]),
    (["A-1 P-1"], ["A-1 P-2 9"], [["P-1", "P-2"]]),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "expected"), HALVES)
@pytest.mark.parametrize("plain", [False, True])
def test_an_order_in_two_files_is_sent_once_and_whole(
    tmp_path: Path,
    first: Sequence[str],
    second: Sequence[str],
    expected: Sequence[Sequence[str]],
    plain: bool,
) -> None:
    if plain:
        with in_plain_python():
            done = two(tmp_path, table(*first), table(*second))
    else:
        done = two(tmp_path, table(*first), table(*second))
    bought = [[one["product_reference"]["id"] for one in record["products"]] for record in done.records]
    assert bought == expected
    assert seen(done.report) == {"order_in_two_sources": 1}
    assert states(done.report) == ["prepared"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["A-1 P-1 9", "A-2 P-2"], ["A-1 P-3 8"]),
        # Some lines in common, and not all.
        (["A-1 P-1", "A-1 P-2", "A-2 P-2"], ["A-1 P-2", "A-1 P-3"]),
        (["A-1 P-1", "A-1 P-2", "A-2 P-2"], ["A-1 P-1"]),
        # The same products at another price, all of them or one.
        (["A-1 P-1 9 5", "A-2 P-2"], ["A-1 P-1 9 6"]),
        # Lines that name no product may be the same ones.
        (['A-1 "" 9 5', "A-2 P-2"], ['A-1 "" 9 6']),
        (["A-1 P-1 9 5", "A-1 P-3 9 5", "A-2 P-2"], ["A-1 P-4 9 5", "A-1 P-3 9 6"]),
        # One of the halves is not valid, so the other one alone would be no whole order.
        (["A-1 P-1", "A-2 P-2"], ["A-1 P-2 1 much"]),
        (["A-1 P-1 1 much", "A-2 P-2"], ["A-1 P-2"]),
    ],
)
def test_an_order_that_two_files_tell_differently_is_rejected_in_both(
    tmp_path: Path, first: Sequence[str], second: Sequence[str]
) -> None:
    done = two(tmp_path, table(*first), table(*second))
    assert [record["purchase_id"] for record in done.records] == ["A-2"]
    assert {(issue["source"].rpartition("/")[2], issue["line"]) for issue in done.issues} == {
        ("a.csv", 2),
        ("b.csv", 2),
    }
    assert "contradiction" in done.codes
    assert all(
        "a.csv (line 2)" in one["message"] or "b.csv (line 2)" in one["message"]
        for one in done.issues
        if one["code"] == "contradiction"
    )
    assert b"A-1" in done.file("rejects.csv")
    assert b"A-1" in done.file("rejects-2.csv")


def test_mended_halves_are_brought_together_again(tmp_path: Path) -> None:
    done = two(tmp_path, table("A-1 P-1 9", "A-2 P-2"), table("A-1 P-3 8"))
    (batch,) = done.report.batches
    rejects = batch.path / "rejects-2.csv"
    rejects.write_bytes(rejects.read_bytes().replace(b",8,", b",9,"))
    fixed = prepared([], None, tmp_path / "out", Options(fix=str(batch.path)))
    (made,) = fixed.report.batches
    (record,) = [json.loads(line) for line in made.file.read_bytes().splitlines()]
    assert [one["product_reference"]["id"] for one in record["products"]] == ["P-1", "P-3"]


def test_one_source_may_be_a_table_and_the_other_documents(tmp_path: Path) -> None:
    same = json.loads(purchase("A-1"))
    same["link"]["email"] = "a-1@example.com"
    done = two(tmp_path, table("A-1 P-1", "A-2 P-2"), (json.dumps(same) + "\n" + purchase("A-3")).encode())
    assert [record["purchase_id"] for record in done.records] == ["A-1", "A-2", "A-3"]
    assert seen(done.report) == {"order_in_two_sources": 1}


def test_customers_of_two_files_are_counted_and_sent(tmp_path: Path) -> None:
    done = two(tmp_path, b"link.email\na@example.com\n", b"link.email\nA@example.com\n", "customer_record")
    assert (len(done.records), seen(done.report), states(done.report)) == (
        2,
        {"record_repeated": 1},
        ["prepared"],
    )


@pytest.mark.parametrize(
    "order",
    [
        ("Ann@Example.com", "ann@example.com", "b@example.com"),
        ("Ann@Example.com", "b@example.com", " ann@example.com "),
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_keys_that_are_addresses_are_compared_as_they_are_sent(
    tmp_path: Path, order: Sequence[str], plain: bool
) -> None:
    (tmp_path / "people.toml").write_text(PEOPLE)
    (tmp_path / "a.csv").write_text("Mail,City\n" + "".join(f"{one},\n" for one in order))
    options = Options(mapping=str(tmp_path / "people.toml"), max_invalid=1.0)
    if plain:
        with in_plain_python():
            done = prepared([tmp_path / "a.csv"], None, tmp_path / "out", options)
    else:
        done = prepared([tmp_path / "a.csv"], None, tmp_path / "out", options)
    assert sorted(record["link"]["email"] for record in done.records) == ["ann@example.com", "b@example.com"]
    assert not done.issues


TEXTS = st.sampled_from([b"", b"Ann", b"ann", b" ann ", b"B\xc3\xa9a", b'a\\"b', b"12", b"\\u00e9"])


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=8))
def test_hashes_tell_the_same_records_apart_with_kernels_and_without(
    records: Sequence[tuple[bytes, bytes, bytes]],
) -> None:
    keys, links, folded = (b"email", b"first_name", b"x"), (True, False, False), (False, True, False)
    lines = [
        b'{"link":{"n":[1,{"email":"no"}],"email":"%b"},"n":[{"x":"}"}],"first_name":"%b","x":"%b"}\n' % one
        for one in records
    ]
    data, ends = b"".join(lines), np.cumsum([len(line) for line in lines])
    fast, _, odd = dispatch.hash_lines(data, ends, keys, links, folded, 1 << 63)
    slow, _, _ = plain.hash_lines(data, ends, keys, links, folded, 1 << 63)
    told = [place for place in range(len(records)) if not any(b"\\" in part for part in records[place])]
    assert sorted(odd) == [place for place in range(len(records)) if place not in told]
    for place in range(len(keys)):
        assert [fast[place, a] == fast[place, b] for a in told for b in told] == [
            slow[place, a] == slow[place, b] for a in told for b in told
        ]
        assert [fast[place, a] == 0 for a in told] == [slow[place, a] == 0 for a in told]


@pytest.mark.parametrize("cut", [b'{"email":"a', b'{"email":"a\\', b'{"a":{"b', b'{"a":["b\\', b'{"email"'])
def test_a_line_that_is_cut_is_left_to_a_reader_of_json(cut: bytes) -> None:
    ends = np.array([len(cut), len(cut) + 20], np.int64)
    whole = b'{"email":"a@b.c"}  \n'

    _, _, odd = dispatch.hash_lines(cut + whole, ends, (b"email",), (False,), (True,), 1 << 63)

    assert odd == [0]


@given(
    st.lists(
        st.sampled_from([b"", b" ", b"  ", b"A@b.c", b"a@b.c", b" a@B.c", b"x" * 400, b"\xc3\x89@b.c"]),
        max_size=8,
    )
)
def test_addresses_are_marked_alike_with_kernels_and_without(keys: Sequence[bytes]) -> None:
    data = b"".join(key + b",1\n" for key in keys)
    fast, slow = (kind.scan_keys(data, Dialect(","), 0, True, 1 << 20, True) for kind in (dispatch, plain))
    assert fast[2][:, :4].tolist() == slow[2][:, :4].tolist()
    same = [[a == b for a in one[2][:, 4].tolist() for b in one[2][:, 4].tolist()] for one in (fast, slow)]
    assert same[0] == same[1]


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=6))
def test_a_filter_never_misses_a_hash_that_came_again(pieces: list[list[int]]) -> None:
    fast, exact = dispatch.BloomFilter(), plain.BloomFilter()
    for piece in pieces:
        hashes = np.array(piece, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        assert not Counter(exact.add(hashes).tolist()) - Counter(fast.add(hashes).tolist())


def test_a_filter_says_of_few_others_that_they_came_again_also_when_it_grows() -> None:
    hashes = np.random.default_rng(7).integers(1, 2**63, 400_000, np.uint64)
    seen = dispatch.BloomFilter()
    assert sum(len(seen.add(piece)) for piece in np.array_split(hashes, 30)) < 0.02 * len(hashes)
    assert all((seen.add(piece) == piece).all() for piece in np.array_split(hashes, 7))
