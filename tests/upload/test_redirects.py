"""A store that sends the file elsewhere (307), or wants it without Expect (417): obeyed once, before anything is stored."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lexer_pipeline.uploading.presigned import redirected
from lexer_pipeline.uploading.s3_put import put
from lexer_pipeline.uploading.transfer import PutResult, Wire

from tests.upload.helpers import LINE, body_of, prepared, send, watch
from tests.upload.store import SIGNATURE, Store
from tests.waiting import PATIENCE

GLOBAL = "https://client-upload.s3.amazonaws.com/uploads/7?X-Amz-Signature=1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.json"
    path.write_bytes(LINE * 100_000)
    return path


def put_to(store: Store, file: Path) -> PutResult:
    wire = Wire(PATIENCE, PATIENCE, PATIENCE, ca_file=store.certificate)
    url = f"{store.base}/bucket/7?X-Amz-SignedHeaders=host&X-Amz-Signature={SIGNATURE}"
    return put(url, body_of(file), wire, watch())


def test_a_307_to_the_same_object_is_followed_before_the_body_has_left(store: Store, file: Path) -> None:
    with Store() as other:
        store.put_faults = [f"refuse:307:Location:{other.base}/bucket/7?X-Amz-SignedHeaders=host&moved=1"]
        result = put_to(store, file)

    assert (result.status, result.whole_body_sent) == (200, True)
    assert [one.path for one in other.puts] == ["/bucket/7?X-Amz-SignedHeaders=host&moved=1"]
    assert (store.objects, store.puts[0].body, other.objects["7"]) == ({}, b"", file.read_bytes())


def test_it_is_followed_once(store: Store, file: Path) -> None:
    with Store() as other:
        store.put_faults = [f"refuse:307:Location:{other.base}/bucket/7"]
        other.put_faults = [f"refuse:307:Location:{store.base}/bucket/7"]
        result = put_to(store, file)

    assert (result.status, len(store.puts), len(other.puts)) == (307, 1, 1)


def test_a_store_that_points_to_itself_is_asked_twice(store: Store, file: Path) -> None:
    store.put_faults = ["refuse:307:Location:/bucket/7"] * 5

    assert (put_to(store, file).status, len(store.puts)) == (307, 2)


def test_it_is_not_followed_once_the_body_has_left(store: Store, file: Path) -> None:
    with Store() as other:
        store.put_faults = [f"late:307:Location:{other.base}/bucket/7"]
        result = put_to(store, file)

    assert (result.status, other.puts) == (307, [])


@pytest.mark.parametrize("path", ["/other/7", "/bucket/8", "/", ""])
def test_another_bucket_or_object_is_never_put_to(store: Store, out: Path, path: str) -> None:
    with Store() as other:
        store.put_faults = [f"refuse:307:Location:{other.base}{path}?X-Amz-Signature={SIGNATURE}"]
        (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, other.puts) == ("refused", [])
    assert f"it points to 127.0.0.1:{other.port}" in receipt.reason
    assert SIGNATURE not in receipt.reason


def test_it_is_followed_over_tls(tls_store: Store, certificate: Path, file: Path) -> None:
    with Store(certificate) as other:
        tls_store.put_faults = [f"refuse:307:Location:{other.base}/bucket/7"]

        assert put_to(tls_store, file).status == 200
        assert other.objects.keys() == {"7"}


@pytest.mark.parametrize(
    ("url", "location", "is_followed"),
    [
        (GLOBAL, "https://client-upload.s3.ap-southeast-2.amazonaws.com/uploads/7?X-Amz-Signature=1", True),
        (GLOBAL, "https://client-upload.s3-us-west-2.amazonaws.com/uploads/7", True),
        (GLOBAL, "https://client-upload.s3.dualstack.eu-west-1.amazonaws.com/uploads/7", True),
        (GLOBAL, "https://s3.ap-southeast-2.amazonaws.com/client-upload/uploads/7", True),
        (GLOBAL, "https://client-upload.s3.amazonaws.com:443/uploads/7", True),
        (GLOBAL, "/uploads/7?again=1", True),
        (GLOBAL, "", False),
        (GLOBAL, "http://client-upload.s3.ap-southeast-2.amazonaws.com/uploads/7", False),
        (GLOBAL, "https://client-upload.s3.ap-southeast-2.amazonaws.com/uploads/8", False),
        (GLOBAL, "https://other.s3.ap-southeast-2.amazonaws.com/uploads/7", False),
        (GLOBAL, "https://client-upload.s3.amazonaws.com.cn/uploads/7", False),
        (GLOBAL, "https://client-upload.s3.amazonaws.com.example.com/uploads/7", False),
        (GLOBAL, "https://client-upload.s3.example.com/uploads/7", False),
        (GLOBAL, "https://client-upload.execute-api.us-east-1.amazonaws.com/uploads/7", False),
        (GLOBAL, "https://client-upload.s3.amazonaws.com:8443/uploads/7", False),
        (GLOBAL, "https://mira:holt@client-upload.s3.amazonaws.com/uploads/7", False),
        (GLOBAL, "https://127.0.0.1/client-upload/uploads/7", False),
        (GLOBAL, "https://[/uploads/7", False),
        (GLOBAL, "https://client-upload.s3.amazonaws.com/uploads/7\r\nX: y", False),
        ("https://store.example.com/shelf/7", "https://store.example.com/shelf/7?again=1", True),
        ("https://store.example.com/shelf/7", "https://other.example.com/shelf/7", False),
        ("https://store.example.com/shelf/7", "https://store.example.com:8443/shelf/7", False),
        ("http://127.0.0.1:9000/shelf/7", "http://localhost:9001/shelf/7", True),
        ("http://127.0.0.1:9000/shelf/7", "https://store.example.com/shelf/7", False),
    ],
)
def test_only_the_same_object_at_the_same_provider_is_the_same_place(
    url: str, location: str, is_followed: bool
) -> None:
    to = redirected(url, location)

    assert (to is not None) == is_followed
    assert to is None or urlsplit(to).path.endswith("/7")


def test_a_store_that_wants_no_expect_gets_the_file_without_it_once(store: Store, file: Path) -> None:
    store.put_faults = ["refuse:417"]

    assert put_to(store, file).status == 200
    assert [put.headers.get("expect") for put in store.puts] == ["100-continue", None]
    assert store.objects["7"] == file.read_bytes()


def test_a_second_417_is_the_answer(store: Store, out: Path) -> None:
    store.put_faults = ["refuse:417"] * 5

    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, len(store.puts)) == ("refused", 2)
