"""Objects in buckets are read as files on disk are, whatever their form; what a store refuses is a sentence."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from lexer_pipeline import Network, Options, prepare, validate
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading.folders import files_meant
from msgspec.structs import replace
from pyarrow import feather, orc, parquet

from tests.elsewhere.site import Site
from tests.running import ROOT
from tests.sniff.helpers import orders, sheet
from tests.stores import Bucket

SPEC = "customer_record"
HEADER = b"link.mobile,first_name\n"
TABLE = HEADER + b"".join(b"6141%07d,Mira\n" % row for row in range(12_000))
SHOPIFY = (ROOT / "samples/exports/shopify_orders/good_orders/orders_export_1.csv").read_bytes()
NETWORK = Network(sleep=lambda _: None)
OPTIONS = Options(date="20240306", network=NETWORK)
COLUMNS = pa.table({
    "link.mobile": [f"6141{row:07}" for row in range(30_000)], "first_name": pa.array(["Mira", "Tim"] * 15_000).dictionary_encode(),
})  # fmt: skip


def packed(*names: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(names):
            archive.writestr(name, TABLE.replace(b"Mira", b"Name%d" % number))
    return file.getvalue()


def columnar(write: Callable[[pa.Table, BytesIO], object], table: pa.Table = COLUMNS) -> bytes:
    file = BytesIO()
    write(table, file)
    return file.getvalue()


# name of the object: its bytes, the specification, the mapping
FORMS: Mapping[str, tuple[bytes, str | None, str | None]] = {
    "a.csv": (TABLE, SPEC, None),
    "a.csv.gz": (gzip.compress(TABLE), SPEC, None),
    "a.csv.bz2": (bz2.compress(TABLE), SPEC, None),
    "a.csv.xz": (lzma.compress(TABLE), SPEC, None),
    "a.csv.zst": (pa.Codec("zstd").compress(TABLE, asbytes=True), SPEC, None),
    "orders of one key.csv": (orders(200, 100), "purchase", None),
    "a.ndjson": (b'{"link": {"mobile": "61411111111"}}\n' * 40_000, SPEC, None),
    "a.json": (b"[" + b'{"link": {"mobile": "61411111111"}},\n' * 40_000 + b"{}]", SPEC, None),
    "a.xlsx": (sheet(), SPEC, None),
    "a.zip": (packed("one.csv", "two.csv"), SPEC, None),
    "a.parquet": (columnar(lambda table, file: parquet.write_table(table, file, row_group_size=7_000)), SPEC, None),
    "a.feather": (columnar(lambda table, file: feather.write_feather(table, file, chunksize=7_000)), SPEC, None),
    "a.orc": (columnar(orc.write_table, COLUMNS.cast(pa.schema([("link.mobile", "string"), ("first_name", "string")]))), SPEC, None),
    "orders_export.csv": (SHOPIFY, None, None),
    "orders_export_1.csv.gz": (gzip.compress(SHOPIFY), None, "shopify_orders"),
}  # fmt: skip


def made(source: str, spec: str | None, out: str, mapping: str | None) -> dict[str, bytes]:
    """What is written of a source, the place of which is left out."""
    report = prepare([source], spec, out, replace(OPTIONS, mapping=mapping, max_invalid=1.0))
    folder = source.rpartition("/")[0]
    return {
        f"{batch.path.name}/{file.name}": file.read_bytes().replace(folder.encode(), b"FOLDER")
        for batch in report.batches
        for file in batch.path.iterdir()
    }


@pytest.mark.parametrize("name", FORMS)
def test_a_batch_of_an_object_is_that_of_the_same_file_on_disk(
    exports: Bucket, here: Path, name: str
) -> None:
    data, spec, mapping = FORMS[name]
    exports.put(f"in/{name}", data)
    (here / "in").mkdir()
    (here / "in" / name).write_bytes(data)

    found = made(exports.at(f"in/{name}"), spec, "there", mapping)
    local = made(f"{here}/in/{name}", spec, "here", mapping)

    assert found.keys() == local.keys()
    assert found
    for file, content in local.items():
        # How much a trace packs depends on nothing else than lines; the report shortens paths.
        assert found[file] == content, file


@pytest.fixture
def filled(exports: Bucket) -> Bucket:
    for key in (
        "in/b.csv", "in/a.csv", "in/c.csv.gz", "in/notes.md", "in/.hidden.csv", "in/deep/d.csv", "in/deep/er/e.csv",
        "in/[1].csv", "top.csv", "sent/manifest.json", "sent/x.csv", "empty/picture.png",
    ):  # fmt: skip
        exports.put(key, TABLE)
    return exports


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("in/", "in/[1].csv in/a.csv in/b.csv in/c.csv.gz"),
        ("in", "in/[1].csv in/a.csv in/b.csv in/c.csv.gz"),
        ("", "top.csv"),
        ("in/*.csv", "in/[1].csv in/a.csv in/b.csv"),
        ("in/[ab].csv", "in/a.csv in/b.csv"),
        ("in/[1].csv", "in/[1].csv"),
        ("in/?.csv.gz", "in/c.csv.gz"),
        ("*/a.csv", "in/a.csv"),
        ("in/**/*.csv", "in/[1].csv in/a.csv in/b.csv in/deep/d.csv in/deep/er/e.csv"),
        ("in/*/*.csv", "in/deep/d.csv"),
        ("in/.*.csv", "in/.hidden.csv"),
    ],
)
def test_a_folder_or_a_pattern_stands_for_its_objects_by_name(filled: Bucket, asked: str, meant: str) -> None:
    assert files_meant([filled.at(asked)], NETWORK) == [filled.at(key) for key in meant.split()]


def test_each_object_of_a_folder_is_counted_by_itself(filled: Bucket) -> None:
    filled.put("many/1.csv", TABLE)
    filled.put("many/2.csv.gz", gzip.compress(TABLE.replace(b"Mira", b"Tim")))
    report = validate([filled.at("many/")], SPEC, OPTIONS)

    assert [(one.path, one.rows) for one in report.sources] == [
        (filled.at("many/1.csv"), 12_000), (filled.at("many/2.csv.gz"), 12_000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://BUCKET/in/none.csv", "there is no such object"),
        ("s3://BUCKET/none/", "is a folder without a file of data"),
        ("s3://BUCKET/empty/", "is a folder without a file of data"),
        ("s3://BUCKET/in/*.json", "no file is called so"),
        ("s3://BUCKET/sent/", "is a folder of batches, and none of exports"),
        ("s3://no-such-bucket-at-all/a.csv", "there is no bucket no-such-bucket-at-all"),
        ("s3://no-such-bucket-at-all/", "there is no bucket no-such-bucket-at-all"),
        ("s3://no-such-bucket-at-all/*.csv", "there is no bucket no-such-bucket-at-all"),
    ],
)
def test_what_is_not_there_is_a_sentence_with_a_remedy(filled: Bucket, address: str, words: str) -> None:
    asked = address.replace("BUCKET", filled.name)
    with pytest.raises(SourceError) as problem:
        validate([asked], SPEC, OPTIONS)
    assert problem.value.message == f"{asked}: {words}"
    assert problem.value.hint


@pytest.mark.parametrize(
    "address",
    [
        "s3:///a.csv",
        "s3://me:opensesame@BUCKET/a.csv",
        "s3://BUCKET/a.csv?AWSAccessKeyId=me&Signature=opensesame",
        "abfss://container/a.csv",
    ],
)
def test_what_is_more_or_less_than_the_name_of_an_object_is_refused_without_its_secrets(
    exports: Bucket, address: str
) -> None:
    with pytest.raises(UsageError) as problem:
        validate([address.replace("BUCKET", exports.name)], SPEC, OPTIONS)
    assert "opensesame" not in f"{problem.value.message}{problem.value.hint}"


def test_without_credentials_it_is_said_where_they_are_looked_for(
    exports: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports.put("a.csv", TABLE)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceError, match="or none were found") as problem:
        validate([exports.at("a.csv")], SPEC, OPTIONS)
    assert "AWS_PROFILE" in problem.value.hint


def test_a_public_object_is_read_without_credentials(
    exports: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports.put("a.csv", TABLE, **{"x-amz-acl": "public-read"})
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert validate([exports.at("a.csv")], SPEC, OPTIONS).valid == 12_000


def test_the_credentials_of_a_profile_are_used(
    site: Site, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "credentials").write_text(
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = x\n"
        "[shop]\naws_access_key_id = AKIASHOP\naws_secret_access_key = x\n"
    )
    for name, value in (
        ("AWS_ENDPOINT_URL", site.url), ("AWS_PROFILE", "shop"), ("AWS_SHARED_CREDENTIALS_FILE", str(here / "credentials")),
        ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_REGION", "eu-central-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(SourceError, match="may not be read"):
        validate(["s3://bucket/a.csv"], SPEC, Options(network=Network(sleep=lambda _: None)))

    assert "Credential=AKIASHOP/" in site.asked[0].headers["Authorization"]
    assert "/eu-central-1/s3/" in site.asked[0].headers["Authorization"]


def test_a_bucket_of_another_region_is_asked_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.heads = (301, {"x-amz-bucket-region": "eu-west-1"})
    for name, value in (
        ("AWS_ENDPOINT_URL", site.url), ("AWS_ACCESS_KEY_ID", "AKIASHOP"), ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(SourceError):
        validate(["s3://elsewhere/a.csv"], SPEC, OPTIONS)

    regions = [one.headers["Authorization"].split("/")[2] for one in site.asked]
    assert (regions[0], regions[-1]) == ("us-east-1", "eu-west-1")


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://127.0.0.1:9", "the service cannot be reached"),
        ("https://nowhere.invalid", "the service has no address in this network"),
    ],
)
def test_a_service_that_is_not_there_is_said_at_once(
    exports: Bucket, monkeypatch: pytest.MonkeyPatch, endpoint: str, words: str
) -> None:
    waited: list[float] = []
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    with pytest.raises(SourceError, match=words) as problem:
        validate([exports.at("a.csv")], SPEC, replace(OPTIONS, network=Network(sleep=waited.append)))
    assert "AWS_ENDPOINT_URL" in problem.value.hint
    assert sum(waited) < 5


CHANGES: Mapping[str, Callable[[Bucket], None]] = {
    "another": lambda bucket: bucket.put("a.bin", TABLE.replace(b"Mira", b"Lena")),
    "longer": lambda bucket: bucket.put("a.bin", TABLE + b"61412222222,Tim\n"),
    "gone": lambda bucket: bucket.delete("a.bin"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.zip", "a.parquet", "orders_export.csv"])
def test_an_object_that_changes_while_it_is_read_makes_no_batch(
    exports: Bucket, name: str, change: str
) -> None:
    data, spec, mapping = FORMS[name]
    exports.put("a.bin", data)
    changed: list[int] = []

    def tell(_rows: int, _bytes: int) -> None:
        if not changed:
            changed.append(1)
            CHANGES[change](exports)

    with pytest.raises(SourceError, match="a.bin: was changed while it was read"):
        prepare([exports.at("a.bin")], spec, "out", replace(OPTIONS, mapping=mapping, progress=tell))
    assert changed
    assert not list(Path("out").glob("*/manifest.json"))


def test_an_object_that_is_named_twice_or_is_a_copy_is_refused(exports: Bucket) -> None:
    exports.put("a.csv", TABLE)
    exports.put("b.csv.gz", gzip.compress(TABLE))
    for names in (("a.csv", "a.csv"), ("*", "a.csv"), ("a.csv", "b.csv.gz")):
        with pytest.raises(UsageError, match="would be sent twice"):
            validate([exports.at(name) for name in names], SPEC, OPTIONS)


def test_a_path_that_lost_a_slash_is_the_same_address(exports: Bucket) -> None:
    exports.put("a.csv", TABLE)
    report = validate([Path(exports.at("a.csv"))], SPEC, OPTIONS)

    assert [one.path for one in report.sources] == [exports.at("a.csv")]


def test_a_member_of_a_zip_is_chosen_there_too(exports: Bucket) -> None:
    exports.put("a.zip", packed("one.csv", "two.csv"))
    report = validate([exports.at("a.zip")], SPEC, replace(OPTIONS, member="two.csv"))

    assert [one.path for one in report.sources] == [exports.at("a.zip!two.csv")]


@pytest.mark.parametrize("scheme", ["s3a", "gcs", "abfs", "ftp", "hdfs"])
def test_an_address_of_another_kind_is_refused(scheme: str) -> None:
    with pytest.raises(PipelineError) as problem:
        validate([f"{scheme}://me:opensesame@host/a.csv?token=opensesame"], SPEC, OPTIONS)
    assert problem.value.hint
    assert "opensesame" not in f"{problem.value.message}{problem.value.hint}"
