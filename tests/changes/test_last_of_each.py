"""`repeated = "last"`: of records that tell of one thing the last one alone is sent, and the others are counted."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading import document_chunks, table_rows
from lexer_pipeline.outbox.trace import trace
from lexer_pipeline.preparing.comparing_with import refuse_compared
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import planned
from lexer_pipeline.preparing.prepare import prepare, validate
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.system.scratch import Scratch
from msgspec.structs import replace

MAPPING = """
[[records]]
specification = "profile_customer"
repeated = "last"
{more}
[records.fields]
"link.email" = "Email"
first_name = "Name"
date_of_birth = "Born"
"""
EARLIER = "a later record tells of the same, and the last one is sent"
OPTIONS = Options(report=False, max_invalid=1.0, date="20240306")
# Who it is, what of it is told, and whether that can be sent.
People = Sequence[tuple[str, str, bool]]
people = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz"), st.booleans() | st.just(True)),
    min_size=1,
    max_size=25,
)


def mapping(root: Path, more: str = "") -> Path:
    path = root / "last.toml"
    path.write_text(MAPPING.format(more=more))
    return path


def table(path: Path, told: People) -> Path:
    rows = (f"{who}@example.com,{name},{'2001-02-03' if good else 'never'}" for who, name, good in told)
    path.write_text("\n".join(["Email,Name,Born", *rows]) + "\n")
    return path


def documents(path: Path, told: People) -> Path:
    each = (
        {"Email": f"{who}@example.com", "Name": name, "Born": "2001-02-03" if good else "never"}
        for who, name, good in told
    )
    path.write_text("".join(json.dumps(one) + "\n" for one in each))
    return path


def sent(report: Report) -> list[tuple[str, str]]:
    lines = [
        json.loads(line)
        for one in report.batches
        if one.manifest.file
        for line in one.file.read_text().splitlines()
    ]
    return [(one["link"]["email"][0], one["first_name"]) for one in lines]


def lasts(told: People) -> list[tuple[str, str]]:
    """The last of each that can be sent, where it stands."""
    good = [(who, name) for who, name, is_good in told if is_good]
    return [one for place, one in enumerate(good) if one[0] not in {who for who, _ in good[place + 1 :]}]


def codes(report: Report) -> set[str]:
    return {one.code for source in report.sources for one in source.suspicions}


@given(
    st.lists(people, min_size=1, max_size=3, unique_by=tuple),
    st.booleans(),
    st.booleans(),
    st.integers(60, 400),
)
def test_the_last_of_each_is_sent_and_all_rows_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, files: list[People], as_json: bool, changed: bool, block: int
) -> None:
    root = tmp_path_factory.mktemp("last")
    write, ending = (documents, "ndjson") if as_json else (table, "csv")
    paths = [write(root / f"{number}.{ending}", told) for number, told in enumerate(files)]
    options = replace(
        OPTIONS,
        mapping=str(mapping(root)),
        changed=changed,
        service="https://api.example.com/v1/uploads",
        datasets={"*": "d1"},
    )
    with pytest.MonkeyPatch.context() as patch:
        for module in (table_rows, document_chunks):
            patch.setattr(module, "BLOCK", block)
        done = prepare([*map(str, paths)], None, root / "out", options)
        checked = validate([*map(str, paths)], None, options)

    every = [one for told in files for one in told]
    assert sent(done) == lasts(every)
    assert not codes(done) & {"key_repeated", "record_repeated"}
    earlier = sum(good for _, _, good in every) - len(lasts(every))
    assert sum(one.skipped.get(EARLIER, 0) for one in done.sources) == earlier
    assert [one.skipped for one in checked.sources] == [one.skipped for one in done.sources]
    for source, told in zip(done.sources, files, strict=True):
        assert source.rows + source.skipped.get(EARLIER, 0) == len(told)
        assert source.rows == source.valid + source.invalid


def orders(path: Path, told: Sequence[tuple[str, str]]) -> Path:
    each = (
        {
            "number": number, "Email": "mira@example.com", "at": "2024-03-06T10:15:00Z",
            "lines": [{"sku": "S-1", "price": price, "count": 1}],
        }
        for number, price in told
    )  # fmt: skip
    path.write_text("".join(json.dumps(one) + "\n" for one in each))
    return path


ORDERS = """
[[records]]
specification = "commerce_purchases"
{more}
[records.fields]
purchase_id = "number"
"link.email" = "Email"
action_at = "at"
type = {{ constant = "ecommerce" }}
"products[].product_reference.id_type" = {{ constant = "sku" }}
"products[].product_reference.id" = "lines[].sku"
"products[].price_paid" = "lines[].price"
"products[].quantity" = "lines[].count"
"""


@pytest.mark.parametrize("in_files", [False, True])
def test_an_order_that_changed_between_overlapping_exports_goes_as_the_last_one_has_it(
    tmp_path: Path, in_files: bool
) -> None:
    before, after = [("A-1", "10.00"), ("A-2", "20.00")], [("A-2", "15.00"), ("A-3", "5.00")]
    if in_files:
        paths = [orders(tmp_path / "1.ndjson", before), orders(tmp_path / "2.ndjson", after)]
    else:
        paths = [orders(tmp_path / "1.ndjson", [*before, *after])]
    made: dict[str, Report] = {}
    for name, more in (("all", ""), ("last", 'repeated = "last"')):
        (tmp_path / f"{name}.toml").write_text(ORDERS.format(more=more))
        options = replace(OPTIONS, mapping=str(tmp_path / f"{name}.toml"))
        made[name] = prepare([*map(str, paths)], None, tmp_path / name, options)

    # Without it what contradicts itself in two files is rejected, and what comes twice in one holds the batch.
    assert sum(one.invalid for one in made["all"].sources) == (2 if in_files else 0)
    assert made["all"].batches[0].manifest.state == ("prepared" if in_files else "held")
    batch = made["last"].batches[0]
    assert batch.manifest.state == "prepared"
    told = [json.loads(line) for line in batch.file.read_text().splitlines()]
    assert [(one["purchase_id"], one["products"][0]["price_paid"]) for one in told] == [
        ("A-1", 10.0), ("A-2", 15.0), ("A-3", 5.0),
    ]  # fmt: skip


def test_a_link_that_stands_for_many_people_still_holds(tmp_path: Path) -> None:
    told = [("a", f"Name{number}", True) for number in range(60)]
    done = prepare(
        [str(table(tmp_path / "guests.csv", told))], None, tmp_path / "out", replace(OPTIONS, mapping=str(mapping(tmp_path))),
    )  # fmt: skip

    assert done.batches[0].manifest.state == "held"
    assert "shared_link" in codes(done)


def test_by_what_a_record_is_known_the_mapping_may_say(tmp_path: Path) -> None:
    told = [("a", "x", True), ("a", "y", True), ("a", "x", True)]
    path = table(tmp_path / "some.csv", told)
    options = replace(OPTIONS, mapping=str(mapping(tmp_path, 'identity = ["link", "first_name"]')))
    done = prepare([str(path)], None, tmp_path / "out", options)

    assert sent(done) == [("a", "y"), ("a", "x")]
    # Lexer knows a customer by the link alone.
    assert "record_repeated" in codes(done)


def test_a_trace_says_that_nothing_was_made_of_an_earlier_one(tmp_path: Path) -> None:
    path = table(tmp_path / "some.csv", [("a", "x", True), ("b", "z", True), ("a", "y", True)])
    done = prepare([str(path)], None, tmp_path / "out", replace(OPTIONS, mapping=str(mapping(tmp_path))))
    told = trace(done.batches[0].path, [1, 2], ["2", "3", "4"])

    assert [one.became for one in told.source_lines] == ["nothing", "record", "record"]
    assert [one.origins[0].lines for one in told.lines] == [(3,), (4,)]
    assert told.skipped == {EARLIER: 1}


@pytest.mark.parametrize(
    ("more", "words"), [("repeated = 1", "repeated must be"), ('repeated = "first"', '"last"')]
)
def test_nothing_else_may_be_said(tmp_path: Path, more: str, words: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(MAPPING.replace('repeated = "last"', more).format(more=""))
    with pytest.raises(UsageError, match=words):
        prepare(
            [str(table(tmp_path / "a.csv", []))], None, tmp_path / "out", replace(OPTIONS, mapping=str(path))
        )


def test_tasks_of_a_cluster_refuse_it(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", [("a", "x", True)])
    options = replace(OPTIONS, mapping=str(mapping(tmp_path)))
    place: Any = object()
    with (
        Scratch(None, None) as scratch,
        planned([str(path)], None, options, scratch) as plans,
        pytest.raises(UsageError, match="without Spark|tasks of a cluster"),
    ):
        refuse_compared([(plans, place)])
