"""The counterpart's own words reach a person, and no secret does."""

import json
import subprocess
import sys
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.uploading.words import LONGEST, address, secrets_of, words_of

from tests.running import environment
from tests.upload.helpers import prepared
from tests.upload.store import Store

TOKEN = "kestrel-Umbra-Lantern"
SIGNATURE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
URL = (
    "https://client-upload.s3.ap-southeast-2.amazonaws.com/uploads/7?x-id=PutObject&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE7QXZ5ABCD%2F20260306"
    f"&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEHsaCXVzLWVhc3QtMSJHMEUCIQ%3D&X-Amz-Signature={SIGNATURE}"
)
SECRETS = (TOKEN, SIGNATURE, SIGNATURE[:20], "AKIDEXAMPLE7QXZ5ABCD", "IQoJb3JpZ2luX2Vj")
FORMS = ("{}", "the url {} is bad", "see <{}>.", "'{}'", "a={} b", "({})", "{}, {}")


def xml(code: str, message: str) -> str:
    return f"<?xml version='1.0'?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>x</RequestId></Error>"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('{"message": "filename must end with .ndjson"}', "filename must end with .ndjson"),
        ('{"Message": "Forbidden"}', "Forbidden"),
        ('{"error": "dataset is not known"}', "dataset is not known"),
        ('{"error": {"code": 12, "message": "dataset is not known"}}', "dataset is not known"),
        ('{"statusCode": 400, "error": "Bad Request", "message": ["a is short", "b is long"]}', "a is short; b is long"),
        ('{"errors": ["a is short", {"detail": "b is long"}]}', "a is short; b is long"),
        ('{"errors": [{"field": "filename", "message": "must end with .ndjson"}]}', "filename: must end with .ndjson"),
        ('{"errors": {"filename": ["must end with .ndjson"]}}', "filename: must end with .ndjson"),
        ('{"detail": [{"loc": ["body", "filename"], "msg": "field required"}]}', "body.filename: field required"),
        ('{"error": "invalid_request", "error_description": "no filename"}', "no filename"),
        ('"no such dataset"', "no such dataset"),
        ('{"message": "a\\u001b[31m\\r\\nb\\u202ec\\u0000"}', "a [31m b c"),
        ('{"message": "profile_customer_part_01-20261126-a.json exists"}', "profile_customer_part_01-20261126-a.json exists"),
        ('{"id": 7, "url": "https://example.com/"}', ""),
        ('{"message": 7, "error": null}', ""),
        ("{}", ""),
        ("[]", ""),
        ('{"message": ', ""),
        ("[" * 100_000, ""),
        ('{"error":' * 2000 + "1" + "}" * 2000, ""),
        (xml("SlowDown", "Please reduce your request rate."), "Please reduce your request rate."),
        (xml("NoSuchBucket", ""), "NoSuchBucket"),
        (xml("InvalidArgument", "a &lt; b &amp; c"), "a < b & c"),
        ("<a:Error xmlns:a='x'><a:Message>denied</a:Message></a:Error>", "denied"),
        ("<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", "502 Bad Gateway"),
        ("<html><body>Please sign in</body></html>", ""),
        ("\ufeff <Message>" * 10_000, ""),
        ("filename is missing\n", "filename is missing"),
        ("filename " * 10_000, "filename " * 22 + "f…"),
        ("a" * 60_000, ""),
        ("not authorized to perform: s3:PutObject", "not authorized to perform: s3:PutObject"),
        (f"wrong {'x' * 3980} {TOKEN}", f"wrong {'x' * 193}…"),
        ("", ""),
        ("AWS4-HMAC-SHA256 is needed", "AWS4-HMAC-SHA256 is needed"),
        ("Invalid token: expired", "Invalid token: expired"),
        ("the request signature we calculated does not match the signature you provided",
         "the request signature we calculated does not match the signature you provided"),
        (f"see {URL}", "see https://client-upload.s3.ap-southeast-2.amazonaws.com/…"),
        ("see https://mira:holt@example.com:8443/", "see https://example.com:8443/…"),
        (r"see https:\/\/example.com\/k?X-Amz-Signature=1", "see https://example.com/…"),
        ("see https%3A%2F%2Fexample.com%2Fk%3Fa%3Db", "see https://example.com/…"),
        ("see /uploads/7?X-Amz-Signature=1 there", "see /uploads/7… there"),
        ("Auth-Api-Token: abc123", "Auth-Api-…"),
        ("Authorization: Bearer abc.def-123", "Authorization: …"),
        ("missing X-Amz-Date=20260306T000000Z", "missing …"),
        (f"token {TOKEN.upper()} is revoked", "token … is revoked"),
    ],
)  # fmt: skip
def test_what_an_answer_says(answer: str, words: str) -> None:
    assert words_of(answer.encode(), (TOKEN, *secrets_of(URL))) == words


def test_bytes_that_are_no_text_say_nothing() -> None:
    assert words_of(b"\x89PNG\r\n\x1a\n\xff\xfe\x00") == ""


@given(
    secret=st.sampled_from((TOKEN, URL, URL.replace("&", "\\u0026"), URL.partition("?")[2], f"X-Amz-Signature={SIGNATURE}", SIGNATURE)),
    form=st.sampled_from(FORMS),
    around=st.tuples(st.text(max_size=240), st.text(max_size=240)),
    wrap=st.sampled_from(("json", "nested", "xml", "text", "html")),
)  # fmt: skip
def test_no_secret_comes_through_wherever_it_stands(
    secret: str, form: str, around: tuple[str, str], wrap: str
) -> None:
    text = f"{around[0]} {form.replace('{}', secret)} {around[1]}"
    answer = {
        "json": lambda: json.dumps({"message": text}),
        "nested": lambda: json.dumps({"errors": [{"url": [text], "field": text}]}),
        "xml": lambda: xml("Code", escape(text)),
        "text": lambda: text,
        "html": lambda: f"<html><title>{escape(text)}</title></html>",
    }[wrap]()

    words = words_of(answer.encode("utf-8", "replace"), (TOKEN, *secrets_of(URL)))

    assert not [one for one in SECRETS if one.lower() in words.lower()]
    assert len(words) <= LONGEST
    assert words == words.strip() and (words.isprintable() or not words)


@given(st.binary(max_size=400))
def test_any_answer_gives_one_short_line_or_nothing(answer: bytes) -> None:
    words = words_of(answer)

    assert len(words) <= LONGEST
    assert words.isprintable()


@pytest.mark.parametrize(
    ("url", "proxy", "words"),
    [
        ("https://api.lexer.io/v1/uploads", None, "api.lexer.io"),
        ("https://mira:holt@store.example.com:8443/k?a=b#c", None, "store.example.com:8443"),
        ("http://[::1]:9000/k", None, "[::1]:9000"),
        ("https://api.lexer.io/v1", "http://mira:holt@proxy.example.com:3128/", "api.lexer.io (through the proxy proxy.example.com:3128)"),
        ("https://api.lexer.io/v1", "proxy.example.com:3128", "api.lexer.io (through the proxy proxy.example.com:3128)"),
    ],
)  # fmt: skip
def test_an_address_is_told_without_path_query_and_password(url: str, proxy: str | None, words: str) -> None:
    assert address(url, proxy) == words


def test_the_command_says_what_the_service_said(store: Store, out: Path) -> None:
    prepared(out)
    store.post_faults = ['words:400:{"message": "filename must end with .ndjson"}']
    settings = environment(LEXER_UPLOAD_API_URL=store.url, LEXER_UPLOAD_API_TOKEN=TOKEN)
    call = [sys.executable, "-m", "lexer_pipeline", "upload", "--out", str(out)]

    plain, as_json = (
        subprocess.run([*call, *words], cwd=out, env=settings, capture_output=True, text=True, timeout=300)
        for words in ((), ("--json",))
    )

    assert plain.returncode == as_json.returncode == 4
    assert "(400: filename must end with .ndjson)" in plain.stdout
    (receipt,) = json.loads(as_json.stdout)["uploads"]
    assert "(400: filename must end with .ndjson)" in receipt["reason"]
