"""Two exports beside each other: each record is new, changed, unchanged or gone, and no value is said unasked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline import Options, UsageError, compare, prepare
from lexer_pipeline.comparing.difference import Change, Difference, differing
from lexer_pipeline.comparing.page import page
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.identity import identity_of

from tests.prepare.helpers import ROOT
from tests.running import command
from tests.thoroughness import with_examples

SPEC = "customer_record"
People = Mapping[str, str | None]
SHOP = ROOT / "samples/exports/shopify_orders"


def saved(path: Path, people: People) -> Path:
    rows = [{"link": {"email": f"{who}@example.com"}, "city": city} for who, city in people.items()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def of(old: Path, new: Path, spec: str | None = SPEC, **options: Any) -> Difference:
    (found,) = compare(old, new, spec, Options(**options))
    return found


def said(*words: str | Path, cwd: Path) -> tuple[int, str]:
    """The exit code of a command, and all that it says."""
    done = command(*words, cwd=cwd)
    return done.returncode, (done.stdout + done.stderr).decode()


def people() -> st.SearchStrategy[dict[str, str | None]]:
    return st.dictionaries(
        st.sampled_from("abcdefghij"), st.sampled_from(["Perth", "Ōtaki", "ß", None]), min_size=1
    )


@with_examples(30, drill=300)
@given(people(), people())
def test_every_record_is_new_changed_unchanged_or_gone(
    tmp_path_factory: pytest.TempPathFactory, old: People, new: People
) -> None:
    folder = tmp_path_factory.mktemp("exports")

    found = of(saved(folder / "old.ndjson", old), saved(folder / "new.ndjson", new))

    both = old.keys() & new.keys()
    changed = {who for who in both if old[who] != new[who]}
    assert (found.added, found.gone) == (len(new.keys() - both), len(old.keys() - both))
    assert (found.changed, found.unchanged) == (len(changed), len(both - changed))
    assert [one.records for one in found.fields] == ([len(changed)] if changed else [])
    assert sum(one.emptied for one in found.fields) == sum(new[who] is None for who in changed)
    assert found.new.records == len(new)


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ('{"a": 10.50}', '{"a": 10.5}', []),
        ('{"a": 1}', '{"a": true}', [("a", Change.CHANGED)]),
        ('{"a": 1}', '{"a": "1"}', [("a", Change.CHANGED)]),
        ('{"a": 12345678901234567890}', '{"a": 12345678901234567891}', [("a", Change.CHANGED)]),
        ('{"a": {"b": 1, "c": 2}}', '{"a": {"c": 2, "b": 1}}', []),
        ('{"a": {"b": 1}}', '{"a": {"b": 1, "c": 2}}', [("a.c", Change.FILLED)]),
        ('{"a": {"b": 1}}', "{}", [("a", Change.EMPTIED)]),
        ('{"a": [{"b": 1}, {"b": 2}]}', '{"a": [{"b": 1}, {"b": 3}]}', [("a[].b", Change.CHANGED)]),
        ('{"a": [1]}', '{"a": [1, 2]}', [("a", Change.CHANGED)]),
    ],
)
def test_fields_differ_by_what_they_are_worth(old: str, new: str, fields: list[tuple[str, Change]]) -> None:
    from lexer_pipeline.comparing.compare import _exact

    found = differing(_exact(old.encode()), _exact(new.encode()))

    assert [(path, kind) for path, kind, _, _ in found] == fields


@pytest.mark.parametrize(
    ("spec", "record", "same", "other"),
    [
        ("customer_record", {"link": {"email": "a@b.c"}, "city": "x"}, {"city": "y"}, {"link": {"email": "d@b.c"}}),
        ("purchase", {"purchase_id": "1", "link": 1}, {"link": 2}, {"purchase_id": "2"}),
        ("return", {"return_id": "1"}, {"action_at": "x"}, {"return_id": "2"}),
        ("email_subscribe", {"link": 1, "list": 2}, {"status": "x"}, {"list": 3}),
        ("email_send", {"email_id": "1", "link": 2}, {"action_at": "x"}, {"link": 3}),
        ("email_open", {"email_id": "1", "link": 2, "action_at": "x"}, {"list": 1}, {"action_at": "y"}),
        ("email_click", {"email_id": "1", "link": 2, "action_at": "x"}, {"list": 1}, {"clicked_link": "y"}),
        ("product", {"product_id": "1", "sku": "2"}, {"sku": "3"}, {"product_id": "2"}),
        ("product", {"product_id": "1", "sku": "2", "product_reference_type": "sku"}, {"product_id": "3"}, {"sku": "3"}),
        ("profile_unify", {"records": [1]}, {}, {"records": [2]}),
    ],
)  # fmt: skip
def test_a_record_is_known_by_what_does_not_change(spec: str, record: Any, same: Any, other: Any) -> None:
    known_by = identity_of(catalog.find(spec))

    assert known_by({**record, **same}) == known_by(record) != known_by({**record, **other})


def test_who_stands_in_an_export_again_is_told_and_the_last_one_counts(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.ndjson", {"mira": "Perth"})
    new = tmp_path / "new.ndjson"
    new.write_bytes(saved(tmp_path / "x", {"mira": "Hobart"}).read_bytes() + old.read_bytes())

    found = of(old, new)

    assert (found.unchanged, found.changed, found.new.again, found.new.records) == (1, 0, 1, 2)


def test_a_batch_is_compared_as_it_lies_there_and_with_all_its_parts(tmp_path: Path) -> None:
    cities = {f"p{number}": "Perth" for number in range(40)}
    old = saved(tmp_path / "old.ndjson", cities)
    made = prepare([old], SPEC, tmp_path / "batches", Options(max_bytes=600, date="20240306")).batches
    new = saved(tmp_path / "new.ndjson", cities | {"p1": "Hobart", "p99": "Perth"})

    found = of(made[0].path, new)

    assert len(made) > 2
    assert (found.old.records, found.added, found.changed, found.unchanged, found.gone) == (40, 1, 1, 39, 0)


def test_a_batch_without_its_data_says_so(tmp_path: Path) -> None:
    source = saved(tmp_path / "old.ndjson", {"mira": "Perth"})
    (made,) = prepare([source], SPEC, tmp_path / "batches").batches
    made.file.unlink()

    with pytest.raises(UsageError, match="its records are not there any more"):
        of(made.path, source)


def test_a_mapping_of_several_kinds_is_compared_kind_by_kind(tmp_path: Path) -> None:
    export = next(SHOP.glob("*/*.csv"))

    found = compare(export, export, None, Options(mapping="shopify_orders"))

    assert len(found) > 1
    assert all(one.unchanged and not (one.added or one.changed or one.gone or one.fields) for one in found)


def test_no_value_is_said_unless_somebody_asks_for_it(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.ndjson", {"mira": "Perthqz", "gone": "x", "who": "<b>"})
    new = saved(tmp_path / "new.ndjson", {"mira": "Hobartqz", "came": "y", "who": "<i>"})
    words = ["diff", str(old), str(new), "--spec", SPEC]

    quiet = said(*words, "--out", "quiet.html", cwd=tmp_path)
    plain = said(*words, "--json", cwd=tmp_path)
    shown = said(*words, "--show-values", "--out", "shown.html", cwd=tmp_path)

    written = quiet[1] + plain[1] + (tmp_path / "quiet.html").read_text()
    assert (quiet[0], plain[0], shown[0]) == (0, 0, 0)
    assert "1 new, 2 changed, 0 unchanged, 1 gone" in quiet[1]
    assert not any(value in written for value in ("qz", "came@", "gone@", "&lt;b"))
    assert all(
        value in shown[1] for value in ('"Perthqz" -> "Hobartqz"', "came@example.com", "gone@example.com")
    )
    assert "&lt;b&gt;" in (html := (tmp_path / "shown.html").read_text())
    assert "<b>" not in html


def test_a_side_without_a_valid_record_ends_with_1(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.ndjson", {"mira": "Perth"})
    (tmp_path / "new.ndjson").write_text('{"city": "Perth"}\n')

    code, words = said("diff", old, "new.ndjson", "--spec", SPEC, cwd=tmp_path)

    assert code == 1
    assert "new.ndjson: no record is valid" in words
    assert "new.ndjson: 1 record rejected, and so not compared" in words


def test_what_has_nothing_in_common_is_refused(tmp_path: Path) -> None:
    people = prepare([saved(tmp_path / "a.ndjson", {"mira": "Perth"})], SPEC, tmp_path / "batches").batches[0]
    (tmp_path / "f.ndjson").write_text('{"email": "mira@example.com"}\n')
    forget = prepare([tmp_path / "f.ndjson"], "compliance_forget", tmp_path / "batches").batches[0]

    with pytest.raises(UsageError, match="no kind of record in common"):
        compare(people.path, forget.path)
    with pytest.raises(UsageError, match="cannot be both"):
        compare("-", "-", SPEC)


def test_a_page_of_nothing_different_says_so(tmp_path: Path) -> None:
    export = saved(tmp_path / "old.ndjson", {"mira": "Perth"})

    assert b"Nothing is different" in page("Two", [of(export, export)])
