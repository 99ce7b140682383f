"""Files of a web server: in ranges, once where it knows none, and what is said where it fails."""

import gzip
import hashlib
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from lexer_pipeline import Network, Options, inspect, prepare, validate
from lexer_pipeline.errors import PipelineError, ServiceUnavailable, SourceError, UsageError
from lexer_pipeline.loading import web
from lexer_pipeline.loading.expand import opened_sources
from lexer_pipeline.loading.ranges import LARGE, SMALL
from lexer_pipeline.loading.remote import TRIES
from lexer_pipeline.loading.source import load
from lexer_pipeline.loading.streams import FIRST
from lexer_pipeline.system.scratch import Scratch
from pyarrow import feather, ipc, parquet

from tests.elsewhere.site import Asked, Fault, Site, serving
from tests.waiting import happens

SPEC = "customer_record"
HEADER = b"link.mobile,first_name\n"
# Larger than what is looked at first, and than what is read ahead.
LONG = HEADER + b"".join(b"6141%07d,Mira\n" % row for row in range(180_000))
SHORT = HEADER + b"61411111111,Mira\n"
WAITED: list[float] = []
NETWORK = Network(sleep=WAITED.append)
OPTIONS = Options(date="20240306", network=NETWORK)


def read(address: str, network: Network = NETWORK) -> bytes:
    """All bytes of a file elsewhere."""
    with opened_sources([address], None, Scratch(), False, network) as (origin,), origin.open() as file:
        return b"".join(iter(lambda: file.read(1 << 20), b""))


@pytest.fixture(autouse=True)
def none_waited() -> None:
    WAITED.clear()


def test_a_file_is_read_in_ranges_each_byte_once(site: Site) -> None:
    assert read(site.put("/a.csv", LONG)) == LONG

    looked, opened, *ranges = [one for one in site.ranges if one is not None]
    assert (looked, opened) == ((0, FIRST - 1), (0, SMALL - 1))
    assert sorted(ranges)[0][0] == SMALL
    assert sum(end - begin + 1 for begin, end in ranges) == len(LONG) - SMALL
    assert max(end - begin + 1 for begin, end in ranges) <= LARGE
    assert all(one.headers["Accept-Encoding"] == "identity" for one in site.asked)


@pytest.mark.parametrize(
    "marks",
    [("ETag", "Last-Modified"), ("ETag",), ("Last-Modified",), ()],
    ids=lambda one: "+".join(one) or "nothing",
)
@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("data", [b"", SHORT, LONG[:SMALL], LONG[: SMALL + 1]], ids=len)
def test_the_bytes_are_the_same_whatever_the_server_says_of_them(
    site: Site, data: bytes, knows_ranges: bool, marks: tuple[str, ...]
) -> None:
    site.knows_ranges, site.marks = knows_ranges, marks

    assert read(site.put("/a.csv", data)) == data


def test_a_file_of_a_server_without_ranges_is_asked_for_once_however_often_it_is_read(site: Site) -> None:
    site.knows_ranges = False
    shopify = Path(__file__).parents[2] / "samples/exports/shopify_orders/good_orders/orders_export_1.csv"

    prepare([site.put("/orders.csv", shopify.read_bytes())], None, "out", OPTIONS)

    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "faults",
    [(500, 503), (429,), (("cut", 10),), (("cut", SMALL - 1), ("cut", 0), 502)],
    ids=str,
)
def test_what_breaks_in_the_middle_goes_on_from_where_it_was(site: Site, faults: tuple[Fault, ...]) -> None:
    def break_behind_the_head(asked: object) -> None:
        if len(site.asked) == 3:  # the second range
            site.faults[:] = faults

    site.before = break_behind_the_head

    assert read(site.put("/a.csv", LONG)) == LONG
    got = [one[0] for one in site.ranges if one is not None]
    assert ("cut", 10) not in faults or SMALL + 10 in got
    assert 0 < len(WAITED) <= len(faults)


def test_what_breaks_again_and_again_ends_with_a_sentence_and_not_at_all_late(site: Site) -> None:
    def always(asked: object) -> None:
        site.faults[:] = [("cut", 3)] if len(site.asked) > 2 else []

    site.before = always
    with pytest.raises(SourceError, match="/a.csv: the connection breaks again and again"):
        read(site.put("/a.csv", LONG))
    assert len(WAITED) < TRIES * 3
    assert sum(WAITED) < 60


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (404, SourceError, "there is no such file there (404)"),
        (410, SourceError, "there is no such file there (410)"),
        (401, SourceError, "asks for a user name and a password (401)"),
        (403, SourceError, "may not be read (403)"),
        (418, SourceError, "the server answers 418"),
        (500, ServiceUnavailable, "the server answers 500"),
        (503, ServiceUnavailable, "the server answers 503"),
        (("cut", 3), SourceError, "the connection breaks"),
    ],
)
def test_each_refusal_is_a_sentence_with_a_remedy(
    site: Site, fault: Fault, kind: type[PipelineError], words: str
) -> None:
    def always(asked: object) -> None:
        site.faults[:] = [fault]

    site.before = always
    address = site.put("/a.csv", LONG)
    with pytest.raises(kind) as problem:
        read(address)

    assert problem.value.message.startswith(f"{address}: {words}")
    assert problem.value.hint
    assert "secret words" not in f"{problem.value.message} {problem.value.hint}"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:9/a.csv", "127.0.0.1:9 could not be reached"),
        ("https://nowhere.invalid/a.csv", "there is no host nowhere.invalid"),
        ("http://shop.example.com/a.csv", "others can read and change it"),
        ("https:///a.csv", "names no host"),
    ],
)
def test_a_server_that_is_not_there_is_a_sentence_with_a_remedy(address: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as problem:
        read(address)
    assert problem.value.hint


SAME_SIZE = "another of the same size"
CHANGES: Mapping[str, Callable[[Site], object]] = {
    SAME_SIZE: lambda site: site.put("/a.csv", LONG.replace(b"Mira", b"Lena")),
    "a longer one": lambda site: site.put("/a.csv", LONG + b"61412222222,Tim\n"),
    "a shorter one": lambda site: site.put("/a.csv", LONG[: len(LONG) // 2]),
    "gone": lambda site: site.files.clear(),
    "ranges no more": lambda site: setattr(site, "knows_ranges", False),
}


@pytest.mark.parametrize(
    ("mark", "what"),
    # A change that keeps the size within a second cannot be told by the time of the last one.
    [("ETag", what) for what in CHANGES] + [("Last-Modified", what) for what in CHANGES if what != SAME_SIZE],
)
@pytest.mark.parametrize("when", [2, 4, 6])
def test_a_file_that_changes_between_two_ranges_or_passes_makes_no_batch(
    site: Site, mark: str, what: str, when: int
) -> None:
    site.marks = (mark,)
    site.before = lambda _: CHANGES[what](site) if len(site.asked) == when else None

    with pytest.raises(SourceError, match="was changed while it was read"):
        prepare([site.put("/a.csv", LONG)], SPEC, "out", OPTIONS)
    assert not list(Path("out").glob("*/manifest.json"))


def test_what_says_nothing_of_a_change_is_read_once(site: Site) -> None:
    site.marks = ()
    site.before = lambda _: site.files.clear() if len(site.asked) > 2 else None
    report = validate([site.put("/a.csv", SHORT)], SPEC, OPTIONS)

    assert report.valid == 1


def test_only_the_beginning_is_fetched_where_only_that_is_asked_for(site: Site) -> None:
    with pytest.raises(PipelineError):
        prepare([site.put("/a.csv", LONG.replace(b"first_name", b"no field", 1))], SPEC, "out", OPTIONS)

    assert set(site.ranges) == {(0, FIRST - 1), (0, SMALL - 1), (0, 0)}


def test_a_redirect_is_followed_and_names_stay_those_that_were_typed(site: Site) -> None:
    with serving() as other:
        site.redirects["/latest.csv"] = other.put("/stored/7.csv?signature=opensesame", SHORT)
        other.files["/stored/7.csv"] = SHORT
        report = validate([f"{site.url}/latest.csv"], SPEC, OPTIONS)

    assert [one.path for one in report.sources] == [f"{site.url}/latest.csv"]
    assert report.valid == 1


def test_credentials_of_netrc_go_to_their_host_alone(site: Site, here: Path) -> None:
    netrc = here / ".netrc"
    netrc.write_text("machine 127.0.0.1 login mira password opensesame\n")
    netrc.chmod(0o600)
    with serving() as other:
        elsewhere = other.put("/b.csv", SHORT).replace("127.0.0.1", "localhost")
        site.redirects["/a.csv"] = elsewhere
        assert validate([f"{site.url}/a.csv"], SPEC, OPTIONS).valid == 1

    assert {one.headers.get("Authorization") for one in site.asked} == {"Basic bWlyYTpvcGVuc2VzYW1l"}
    assert {one.headers.get("Authorization") for one in other.asked} == {None}


@pytest.mark.parametrize(
    "location", ["http://shop.example.com/a.csv", "ftp://127.0.0.1/a.csv", "file:///etc/passwd"]
)
def test_a_redirect_leads_to_no_unprotected_place(site: Site, location: str) -> None:
    site.redirects["/a.csv"] = location
    with pytest.raises(SourceError, match="is passed on to"):
        read(f"{site.url}/a.csv")


def test_a_redirect_without_end_is_ended(site: Site) -> None:
    site.redirects["/a.csv"] = "/a.csv"
    with pytest.raises(SourceError, match="without end"):
        read(f"{site.url}/a.csv")


def test_https_is_read_with_the_authority_that_is_named_and_refused_without(certificate: Path) -> None:
    with serving(certificate) as site:
        address = site.put("/a.csv.gz", gzip.compress(SHORT))
        assert gzip.decompress(read(address, Network(certificate))) == SHORT
        with pytest.raises(SourceError, match=r"certificate of 127\.0\.0\.1:\d+ was not accepted") as problem:
            read(address)
    assert "LEXER_CA_FILE" in problem.value.hint


def test_a_file_elsewhere_is_inspected_as_one_on_disk(site: Site, here: Path) -> None:
    (here / "a.csv").write_bytes(LONG)
    found, local = inspect(site.put("/a.csv", LONG)), inspect("a.csv")

    assert (found.rows, found.columns, found.specifications) == (
        local.rows,
        local.columns,
        local.specifications,
    )


@pytest.fixture(scope="module")
def columns() -> pa.Table:
    some = random.Random(7)
    return pa.table({
        "link.mobile": [f"6141{row:07}" for row in range(120_000)],
        "first_name": [f"{some.getrandbits(128):x}" for _ in range(120_000)],
    })  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        lambda table, file: parquet.write_table(table, file, row_group_size=20_000),
        lambda table, file: feather.write_feather(table, file, chunksize=20_000),
        lambda table, file: _stream(table, file),
    ],
    ids=["Parquet", "Arrow", "a stream of Arrow"],
)
def test_a_file_of_columns_is_fetched_once_and_a_look_at_it_fetches_a_part(
    site: Site, columns: pa.Table, write: Callable[[pa.Table, BytesIO], object]
) -> None:
    file = BytesIO()
    write(columns, file)
    size = len(file.getvalue())
    address = site.put("/a", file.getvalue())

    report = validate([address], SPEC, OPTIONS)
    assert report.valid == 120_000
    assert _fetched(site) < 1.1 * size + 8 * SMALL
    (source,) = prepare([address], SPEC, "out", OPTIONS).batches[0].manifest.sources
    assert source.sha256 == hashlib.sha256(file.getvalue()).hexdigest()

    site.asked.clear()
    with closing(load(address, None)) as loaded:
        assert loaded.head.names
    assert _fetched(site) < size / 2


def _stream(table: pa.Table, file: BytesIO) -> None:
    with ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, 20_000)


def _fetched(site: Site) -> int:
    return sum(one[1] - one[0] + 1 for one in site.ranges if one is not None)


def test_a_server_that_stops_in_the_middle_is_asked_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "ANSWER", 0.2)
    site.before = lambda _: time.sleep(1) if len(site.asked) == 3 else None

    assert read(site.put("/a.csv", LONG)) == LONG
    assert len(WAITED) == 1


def test_many_files_are_looked_at_side_by_side_and_stay_in_their_order(site: Site) -> None:
    at_once, most, lock = set[str](), [0], threading.Lock()

    def count(asked: Asked) -> None:
        with lock:
            at_once.add(asked.path)
            most[0] = max(most[0], len(at_once))
        if asked.range == (0, FIRST - 1):
            happens(lambda: most[0] > 1)
        with lock:
            at_once.discard(asked.path)

    site.before = count
    addresses = [site.put(f"/{number}.csv", SHORT + b"6142%07d,Tim\n" % number) for number in range(20)]
    report = validate(addresses, SPEC, OPTIONS)

    assert [one.path for one in report.sources] == addresses
    assert most[0] > 1


@pytest.mark.parametrize("user", ["mira:opensesame", "mira", "mira:open/sesame"])
def test_an_address_with_a_password_is_refused(site: Site, user: str) -> None:
    with pytest.raises(UsageError, match="stands in the address") as problem:
        read(site.put("/a.csv", SHORT).replace("//", f"//{user}@"))
    assert "sesame" not in f"{problem.value.message}{problem.value.hint}"
    assert "~/.netrc" in problem.value.hint
    assert not site.asked
